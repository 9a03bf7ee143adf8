"""The telephony room of the program, at work on one PBX and one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from channels.telephony.room import PbxRoom
from config.settings import load_settings
from crm_core.store.database import Database


@asynccontextmanager
async def room_at_work(
    pbx: Mapping[str, object], database: Database, data_dir: Path, **limits: float
) -> AsyncIterator[PbxRoom]:
    """In line with the PBX, whose settings are as an operator writes them; gone when the block ends."""
    environ = {
        "PEREZVON_DATA_DIR": str(data_dir),
        "PEREZVON_PBX": orjson.dumps([pbx]).decode(),
        **{f"PEREZVON_LIMITS__{name.upper()}": str(value) for name, value in limits.items()},
    }
    settings = load_settings(None, environ)
    room = PbxRoom(settings.pbx[0], settings, database)
    task = asyncio.create_task(room.run())
    try:
        async with asyncio.timeout(15):
            await room.in_line.wait()
        yield room
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
