"""Half a minute without the database while people write: each channel keeps what it hears until that is stored."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from socketio.exceptions import SocketIOError

from config.settings import Settings
from crm_core.store.database import Database
from tests.acceptance.program import serving, settings_for
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.bot_api.server import fake_telegram
from tests.integration.mail_office import MailOffice
from tests.integration.realtime.severed import severable
from tests.integration.webchat.chat import ORIGIN, SITE_KEY, Visitor
from tests.lab.install import LabUnavailable
from tests.lab.plugin import require_lab
from tests.lab.postfix import mail_server
from tests.telegram.room import settings as telegram_settings
from tests.waiting import eventually

pytestmark = pytest.mark.lab

AWAY_S, AGAIN_S = 30.0, 1.0
MAIL, CHAT, BOT = "Письмо во время", "Чат во время", "Телеграм во время"


async def test_what_is_written_while_the_database_is_away_is_stored_afterwards_and_once(
    database: Database, tmp_path: Path
) -> None:
    bot = FakeBot()
    try:
        server = mail_server()
        postfix, dovecot = server.__enter__()
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    try:
        office = await MailOffice.of(postfix, dovecot, database)
        async with (
            severable(database.url) as (wire, near_url),
            Database(near_url) as near,
            fake_telegram(bot) as telegram,
        ):
            settings = _with_every_channel(settings_for(tmp_path), office, telegram_settings(telegram, bot))
            async with serving(settings, near):
                visitor = Visitor(url=settings.public_url)
                await visitor.come()

                await wire.cut()
                await office.writes(MAIL)
                bot.hears("message", message(1, text=BOT))
                writing = asyncio.create_task(_write_until_it_is_stored(visitor, CHAT))
                await asyncio.sleep(AWAY_S)  # not to wait for anything: so long is the outage
                assert bot.pending
                assert await asyncio.to_thread(office.unseen) == 1
                assert not writing.done()
                await wire.mend()

                await writing
                await eventually(lambda: _is_acknowledged(bot, office), patience_s=60)
    finally:
        server.__exit__(None, None, None)

    async with database.read() as db:
        stored = [row["body"].strip() for row in await db.fetch("SELECT body FROM messages")]
    assert sorted(stored) == sorted([MAIL, BOT, CHAT])


def _with_every_channel(settings: Settings, office: MailOffice, bot: object) -> Settings:
    site = {"name": "tours", "site_key": SITE_KEY, "origins": [ORIGIN], "queue": "sales"}
    whole = Settings.model_validate({**settings.model_dump(), "webchat": [site]})
    return whole.model_copy(update={"mailbox": (office.settings(),), "telegram": (bot,)})


async def _write_until_it_is_stored(visitor: Visitor, text: str) -> None:
    """As the widget does: after a while again, under the same key."""
    key = uuid4()
    while True:
        with suppress(SocketIOError, TimeoutError, OSError):
            if (await visitor.say(text, key=key)).get("status") == "stored":
                return
        await asyncio.sleep(AGAIN_S)
        if not visitor.is_here:
            with suppress(SocketIOError, TimeoutError, OSError):
                await visitor.come()


async def _is_acknowledged(bot: FakeBot, office: MailOffice) -> bool:
    return not bot.pending and await asyncio.to_thread(office.unseen) == 0
