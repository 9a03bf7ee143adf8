"""A bot of the settings, whole, and the log behind it: what the tests of its stories share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from channels.telegram.room import TelegramRoom
from config.settings import Settings
from crm_core.actions import replies, uploads
from crm_core.actions.replies import MessageIn
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import MessageState
from crm_core.store.database import Database
from crm_core.views.conversations import Conversation, ConversationFilters, get_conversation, list_conversations
from tests.bot_api.bot import FakeBot
from tests.bot_api.server import fake_telegram
from tests.telegram.room import QUICK, settings
from tests.waiting import eventually

OWNER = Viewer(user_id=uuid4(), role=Role.OWNER, team_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The bot at Telegram, and our log behind the room that lives between them."""

    bot: FakeBot
    database: Database

    async def conversations(self) -> list[Conversation]:
        async with self.database.read() as db:
            page = await list_conversations(db, OWNER, ConversationFilters())
            return [await get_conversation(db, one.id, OWNER) for one in page.items]

    async def has(self, *texts: str) -> Conversation:
        """Wait until the only conversation holds exactly these words."""

        async def held() -> bool:
            found = await self.conversations()
            return [[said.text for said in one.messages] for one in found] == [list(texts)]

        await eventually(held)
        return (await self.conversations())[0]

    async def holds(self, text: str) -> None:
        """Wait until somebody has said this."""

        async def held() -> bool:
            return any(said.text == text for one in await self.conversations() for said in one.messages)

        await eventually(held)

    async def answer(
        self,
        conversation: UUID,
        by: UUID,
        text: str,
        files: Mapping[str, str] | None = None,
        *,
        privately: bool = False,
    ) -> UUID:
        """``files``: types by name."""
        async with self.database.begin() as tx:
            viewer = Viewer(user_id=by, role=Role.OWNER, team_id=None)
            attached = [
                await uploads.upload(tx, by, name=name, media_type=kind, data=name.encode())
                for name, kind in (files or {}).items()
            ]
            given = MessageIn(interaction_id=conversation, body=text, attachments=tuple(attached), privately=privately)
            return await replies.send(tx, viewer, given, sources={})

    async def reaches(self, conversation: UUID, state: MessageState) -> None:
        async def reached() -> bool:
            async with self.database.read() as db:
                return (await get_conversation(db, conversation, OWNER)).messages[-1].state is state

        await eventually(reached)


@asynccontextmanager
async def living_room(bot: FakeBot, database: Database, **more: str) -> AsyncIterator[Office]:
    async with fake_telegram(bot) as telegram:
        ours = settings(telegram, bot, **more)
        room = asyncio.create_task(TelegramRoom(ours, Settings(), database, timings=QUICK).run())
        try:
            yield Office(bot=bot, database=database)
        finally:
            room.cancel()
            await asyncio.wait({room})
