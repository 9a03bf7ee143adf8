"""What a connected agent costs: memory, and processor time for each who is told something.

Ours is the hub with the agent behind each socket, their rooms and
rights; the baseline is python-socketio as it comes, with one room. The first
desks are not counted: with them a server fills its pools and caches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import median

from tests.benchmarks.browsers import open_browsers
from tests.benchmarks.desks import hire
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS, Rounds
from tests.benchmarks.server import fresh_database
from tests.benchmarks.socket_servers import SocketServer, running_server

NOT_COUNTED = 50
NEWS_A_ROUND = 20


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(1_000 if scale >= 1 else 500))


async def _run(agents: int) -> list[Figure]:
    async with fresh_database() as database:
        tokens = await hire(database, agents=NOT_COUNTED + agents)
        async with (
            _connected("ours", database.url, tokens) as (ours, ours_each),
            _connected("bare", database.url, tokens) as (bare, bare_each),
        ):
            spent = [[await server.tell_all(NEWS_A_ROUND) for server in (ours, bare)] for _ in range(ROUNDS)]
    rounds = Rounds(ours=tuple(one for one, _ in spent), baseline=tuple(one for _, one in spent))
    recipients = NEWS_A_ROUND * len(tokens)
    us, them = (median(seconds) / recipients * 1e6 for seconds in (rounds.ours, rounds.baseline))
    return [
        Figure(
            name="memory per connected agent / bare python-socketio connection",
            measured=ours_each / bare_each,
            target=1.5,
            higher_is_better=False,
            sizes=f"{agents:,} agents",
            detail=f"{ours_each / 1024:.1f} against {bare_each / 1024:.1f} KiB",
        ),
        Figure(
            name="processor time per recipient / python-socketio emit(room=)",
            measured=1 / rounds.ratio,
            target=0.5,
            higher_is_better=False,
            sizes=f"{ROUNDS} × {NEWS_A_ROUND} news to {len(tokens):,} desks",
            detail=f"{us:.1f} against {them:.1f} µs; worst of {ROUNDS} {1 / rounds.worst:.2f} ×; all were told",
        ),
    ]


@asynccontextmanager
async def _connected(kind: str, database_url: str, tokens: Sequence[str]) -> AsyncIterator[tuple[SocketServer, float]]:
    """A server with all desks connected, and the bytes that each of those counted occupies."""
    counted = tokens[NOT_COUNTED:]
    async with running_server(kind, database_url) as server, open_browsers(server.url, tokens[:NOT_COUNTED]):
        before = await server.resident_bytes()
        async with open_browsers(server.url, counted) as browsers:
            yield server, (await server.resident_bytes() - before) / len(counted)
            report = await browsers.report()
    assert report.news == ROUNDS * NEWS_A_ROUND * len(counted), f"{report.news:,} news came"
