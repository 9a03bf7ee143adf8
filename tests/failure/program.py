"""The real program as a process of its own, which a test may kill."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

import aiohttp
import orjson

from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, InteractionFilters, list_interactions
from tests.acceptance.pbx import EVERYBODY
from tests.waiting import eventually

_ROOT = Path(__file__).parents[2]
_PEREZVON = Path(sys.executable).with_name("perezvon")
_START_S = 30.0


class Program:
    """``perezvon serve`` on one database, PBX or chat: ``start``, ``kill`` or ``stop``, and ``start`` again."""

    def __init__(
        self,
        database_url: str,
        data_dir: Path,
        pbx: Mapping[str, object] | None = None,
        *,
        webchat: Mapping[str, object] | None = None,
        **limits: float,
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._pbx = pbx and str(pbx["name"])
        self._log = data_dir / "program.log.txt"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PEREZVON_")},
            "PEREZVON_DATABASE_URL": database_url,
            "PEREZVON_DATA_DIR": str(data_dir),
            "PEREZVON_HTTP__PORT": str(port),
            "PEREZVON_PBX": orjson.dumps([pbx] if pbx else []).decode(),
            "PEREZVON_WEBCHAT": orjson.dumps([webchat] if webchat else []).decode(),
            **{f"PEREZVON_LIMITS__{name.upper()}": str(value) for name, value in limits.items()},
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await self.kill()

    async def start(self) -> None:
        """Returns when it serves and hears its PBX."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", str(_PEREZVON), "serve"),
                cwd=_ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        await eventually(self._is_ready, patience_s=_START_S)

    async def kill(self) -> None:
        """As the kernel does when memory runs out: no goodbye to anybody."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As an operator does; gives the exit status."""
        return await self._end(signal.SIGTERM)

    def said(self, action: str) -> int:
        """How often it has logged that."""
        return self._log.read_text().count(f'"action":"{action}"')

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        process, self._process = self._process, None
        return await process.wait()

    async def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text()[-3000:]
        try:
            async with aiohttp.request("GET", f"{self.url}/readyz") as answer:
                told = await answer.json()
        except aiohttp.ClientError:
            return False
        return answer.status == 200 and (self._pbx is None or told["pbx"].get(self._pbx) == "up")


async def log_of(database: Database) -> list[Interaction]:
    """The whole interaction log, oldest first."""
    async with database.read() as db:
        page = await list_interactions(db, EVERYBODY, InteractionFilters(), limit=200)
    return list(reversed(page.items))


async def call_in(database: Database, caller: str, state: str) -> Interaction:
    """The newest interaction with ``caller`` once it is in ``state``, whoever wrote it."""
    found: list[Interaction] = []

    async def there() -> bool:
        found[:] = [one for one in await log_of(database) if (one.client_address, one.state) == (caller, state)]
        return bool(found)

    await eventually(there)
    return found[-1]


async def gaps_of(database: Database) -> list[Mapping[str, object]]:
    """What was not heard of a PBX, oldest first; the times when nobody watched the promises are not of it."""
    async with database.read() as db:
        rows = await db.fetch(
            "SELECT source, from_at, to_at, cause, affected FROM gaps WHERE source <> 'system' ORDER BY from_at"
        )
    return [dict(row) for row in rows]


async def told_twice(database: Database) -> list[UUID]:
    """Legs whose offer was announced more than once."""
    async with database.read() as db:
        rows = await db.fetch(
            """SELECT body ->> 'leg_id' AS leg FROM outbox WHERE type = 'call.offered'
               GROUP BY 1 HAVING count(*) > 1"""
        )
    return [UUID(row["leg"]) for row in rows]
