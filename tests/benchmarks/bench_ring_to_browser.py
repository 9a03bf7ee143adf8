"""From the ring that the PBX writes to the card on the ringing agent's screen, idle and under load.

Four processes, all real but the PBX: a player that writes AMI and notes when
it wrote ``Newstate: Ringing``; the gateway as ``perezvon serve`` runs it; its
PostgreSQL, on a disk; and 500 desks on raw websockets, which note when
``call.offered`` came. Under load the PBX says 1,000 more events a second: calls
that ring other agents, are answered and end. Idle and loaded take turns, and
in the end every ring must have come to its agent once, with the right card.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from channels.telephony.player import AmiPlayer
from channels.telephony.recording_format import Recording, load
from gateway.demo.company import CLIENTS
from gateway.demo.seed import seed
from tests.benchmarks.browsers import Browsers, Seen, open_browsers
from tests.benchmarks.desks import FIRST_EXTENSION, hire
from tests.benchmarks.gateway_process import free_port, running_gateway
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS
from tests.benchmarks.server import fresh_database
from tests.benchmarks.traffic import Spoken, Teller, answered_calls
from tests.replay.recordings import AMI_FIXTURES
from tests.waiting import eventually

AGENTS, SUPERVISORS = 490, 10
#: The first agents have the other calls; the rest are those whose rings are timed.
BUSY_AGENTS = 200
OTHER_EVENTS_PER_S = 1_000
RINGS_PER_S = 5.0
#: The other calls begin this much before the first ring, and everything is let end after the last.
LEAD_S, TAIL_S = 4.0, 6.0

#: Whose card comes with a call from a number; nobody's where several people answer it.
_NAMES: dict[str, str | None] = {client.phone: client.name for client in CLIENTS}
_NAMES |= {client.phone: None for client in CLIENTS if client.shares_number_with}


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(max(int(2_000 * scale) // ROUNDS, 10)))


async def _run(rings: int) -> list[Figure]:
    story = _Story()
    segments = [story.segment(rings=10, loaded=True, timed=False)]  # plans, pools and caches are warm after it
    for _ in range(ROUNDS):
        segments += [story.segment(rings=rings, loaded=False), story.segment(rings=rings, loaded=True)]
    async with _stage() as (pbx, browsers):
        for segment in segments:
            await pbx.speak(segment)
        seen = (await browsers.report()).offers
    _check(story, seen)
    arrived = {one.linkedid: one.at for one in seen if one.desk < AGENTS}
    idle, loaded = (
        sorted(arrived[ring.linkedid] - pbx.written[ring.linkedid] for ring in story.rings if ring.segment == segment)
        for segment in ("idle", "loaded")
    )
    return _figures(idle, loaded, offers=len(seen))


def _figures(idle: Sequence[float], loaded: Sequence[float], *, offers: int) -> list[Figure]:
    sizes = f"{len(loaded):,} rings idle, {len(loaded):,} loaded; {AGENTS + SUPERVISORS} desks"
    spoken = f"idle {_ms(idle)}; loaded {_ms(loaded)}"
    ring = f"ring to browser, {OTHER_EVENTS_PER_S:,} other events/s"
    lower = {"higher_is_better": False, "sizes": sizes}
    return [
        Figure(name=f"{ring}: p50", measured=_rank(loaded, 0.5) * 1e3, target=25, unit="ms", detail=spoken, **lower),
        Figure(
            name=f"{ring}: p99",
            measured=_rank(loaded, 0.99) * 1e3,
            target=150,
            unit="ms",
            detail=f"all {offers:,} pops came once, with the right card",
            **lower,
        ),
        Figure(
            name=f"{ring}: p99 / idle p99",
            measured=_rank(loaded, 0.99) / _rank(idle, 0.99),
            target=3,
            **lower,
        ),
    ]


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _ms(ordered: Sequence[float]) -> str:
    p50, p99, worst = (1e3 * _rank(ordered, share) for share in (0.5, 0.99, 1.0))
    return f"p50 {p50:.1f}, p99 {p99:.1f}, worst {worst:.1f} ms"


@dataclass(frozen=True, slots=True)
class _Ring:
    """One phone that rings once."""

    linkedid: str
    desk: int  # whose phone it is
    client: str | None  # whose card must come with it
    segment: str | None  # "idle" or "loaded" when it is timed


class _Story:
    """Who calls whom, when; the same every time."""

    def __init__(self) -> None:
        self.rings: list[_Ring] = []
        self._teller = Teller()
        self._random = random.Random(7)
        self._others = cycle(answered_calls())
        self._busy = cycle(range(BUSY_AGENTS))
        self._waiting = cycle(range(BUSY_AGENTS, AGENTS))
        self._clients = cycle(_NAMES)
        self._pop = load(AMI_FIXTURES / "queue_answered_client_hangs_up.ami.jsonl")

    def segment(self, *, rings: int, loaded: bool, timed: bool = True) -> list[Spoken]:
        """What the PBX says for a while: so many rings of known clients and, if loaded, other calls all the time."""
        lasts = LEAD_S + rings / RINGS_PER_S + TAIL_S
        segment = ("loaded" if loaded else "idle") if timed else None
        moments = sorted(LEAD_S + self._random.uniform(0, rings / RINGS_PER_S) for _ in range(rings))
        spoken = [self._call(self._pop, at, next(self._waiting), next(self._clients), segment) for at in moments]
        if loaded:
            spoken += self._other_calls(lasts - TAIL_S)
        silence = [Spoken(lasts, b"", None)]
        return sorted(chain(*spoken, silence), key=lambda one: one.at)

    def _other_calls(self, until: float) -> Iterator[list[Spoken]]:
        at = 0.0
        while at < until:
            call = next(self._others)
            yield self._call(call, at, next(self._busy), None, None)
            at += len(call.frames) / OTHER_EVENTS_PER_S

    def _call(self, call: Recording, at: float, desk: int, number: str | None, segment: str | None) -> list[Spoken]:
        spoken = self._teller.tell(call, at=at, phone=f"PJSIP/{FIRST_EXTENSION + desk}", client=number)
        (linkedid,) = {one.rings for one in spoken if one.rings}
        self.rings.append(_Ring(linkedid, desk, _NAMES[number] if number else None, segment))
        return spoken


class _Pbx(AmiPlayer):
    """Says what it is given, when it is due, and notes when it wrote each ring."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, float] = {}

    async def is_heard(self) -> bool:
        return self.clients > 0

    async def speak(self, words: Sequence[Spoken]) -> None:
        begun = time.monotonic()
        for spoken in words:
            await asyncio.sleep(max(begun + spoken.at - time.monotonic(), 0.0))
            if spoken.rings is not None:
                self.written[spoken.rings] = time.monotonic()
            for session in self._sessions:
                session.write(spoken.frame)


@asynccontextmanager
async def _stage() -> AsyncIterator[tuple[_Pbx, Browsers]]:
    """The PBX, the gateway that listens to it, and everybody's desk."""
    pbx = _Pbx()
    with TemporaryDirectory(prefix="perezvon-bench-") as folder:
        async with fresh_database() as database, pbx.listening():
            await seed(database, country="KZ", timezone="Asia/Almaty", sounds=Path(folder))
            tokens = await hire(database, agents=AGENTS, supervisors=SUPERVISORS)
            port = free_port()
            settings = {
                "PEREZVON_DATABASE_URL": database.url,
                "PEREZVON_DATA_DIR": folder,
                "PEREZVON_HTTP__PORT": str(port),
                "PEREZVON_PBX": json.dumps([_pbx_settings(pbx.port)]),
            }
            async with running_gateway(settings), open_browsers(f"ws://127.0.0.1:{port}", tokens) as browsers:
                await eventually(pbx.is_heard)
                yield pbx, browsers


def _pbx_settings(port: int) -> dict[str, object]:
    return {
        "name": "main",
        "host": "127.0.0.1",
        "port": port,
        "username": "bench",
        "secret": "bench",
        "trunk_prefixes": ["PJSIP/trunk"],
    }


def _check(story: _Story, seen: Sequence[Seen]) -> None:
    """Every ring came to its agent once and to every supervisor once, with the right card, and to nobody else."""
    wanted = {
        (desk, ring.linkedid, ring.client)
        for ring in story.rings
        for desk in (ring.desk, *range(AGENTS, AGENTS + SUPERVISORS))
    }
    came = Counter((one.desk, one.linkedid, one.client) for one in seen)
    missing, strange = wanted - came.keys(), came.keys() - wanted
    assert not missing, f"{len(missing)} pops are missing, one of them {missing.pop()}"
    assert not strange, f"{len(strange)} pops are strange, one of them {strange.pop()}"
    assert max(came.values()) == 1, "a pop came twice"
