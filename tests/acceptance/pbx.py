"""Perezvon's side of the laboratory: one real PBX heard into a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from channels.telephony.room import PbxRoom
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, InteractionFilters, list_interactions
from tests.lab.asterisk import Asterisk
from tests.telephony_room import room_at_work

EVERYBODY = Viewer(user_id=UUID(int=1), role=Role.OWNER, team_id=None)


def pbx_settings(asterisk: Asterisk) -> dict[str, object]:
    """The laboratory's PBX as an operator would write it into the settings."""
    return {
        "name": "main",
        "host": asterisk.host,
        "port": asterisk.ami_port,
        "username": asterisk.product_login.username,
        "secret": asterisk.product_login.secret,
        "trunk_prefixes": ["PJSIP/trunk"],
        "outbound_context": "from-crm",
        "recordings": str(asterisk.recordings),
    }


@asynccontextmanager
async def hearing(asterisk: Asterisk, database: Database, data_dir: Path, **instead: object) -> AsyncIterator[PbxRoom]:
    """The telephony room at work on the laboratory's PBX, in line with it; ``instead`` of its own settings."""
    async with room_at_work(pbx_settings(asterisk) | instead, database, data_dir) as room:
        yield room


async def the_call(database: Database, caller: str, *, state: str | None = None, limit_s: float = 15) -> Interaction:
    """The newest interaction with that caller, once it is in ``state``."""
    async with asyncio.timeout(limit_s), database.wakeups.waiter("outbox") as told:
        while True:
            told.clear()
            async with database.read() as db:
                page = await list_interactions(db, EVERYBODY, InteractionFilters())
            for interaction in page.items:
                if interaction.client_address == caller and state in (None, interaction.state):
                    return interaction
            await told.wait()
