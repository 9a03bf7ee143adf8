"""Promises told to clients with buttons, and what they press.

Told is whatever is promised by way of Telegram, once for each moment it is promised
for, and the call that a client asked for. A press is a fact like a message: it has its
effect once, in the transaction that stores it, and only for whoever it was offered to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

import structlog

from channels.telegram import phrases
from channels.telegram.buttons import ButtonSeal, PromiseButton, Verb
from channels.telegram.outgoing import buttons_shown
from channels.telegram.talk import Talk
from channels.telegram.values import ButtonPressed
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.actions import appointments
from crm_core.domain.words import Words
from crm_core.domain.written import WrittenChannel
from crm_core.store import conversations
from crm_core.store.appointments import TO_TELL, Untold
from crm_core.store.database import DATABASE_AWAY, Database, Transaction, woken_within
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: A promise that is made wakes us; one that is moved wakes nobody.
_LOOK_EVERY_S: Final = 3.0


class Appointments:
    """One bot's."""

    def __init__(self, bot: TelegramSettings, settings: Settings) -> None:
        self._bot = bot
        self._settings = settings
        self._zone = settings.timezone
        self._seal = ButtonSeal(bot.token.get_secret_value())

    def offer(self, talk: Talk, callback_id: UUID, due_at: datetime) -> dict[str, object]:
        """Buttons to confirm that moment, or to ask for another."""
        rows = phrases.promise_buttons(
            self._seal, chat_id=talk.person_id, callback_id=callback_id, due_at=due_at, language=talk.language
        )
        return buttons_shown(rows)

    async def tell(self, tx: Transaction, *, our_address: str) -> int:
        """What has been promised by way of this bot and is not told yet; gives how many."""
        untold = await appointments.to_tell(tx, self._bot.name)
        for one in untold:
            await self._tell(tx, one, our_address)
        return len(untold)

    async def to_button(self, tx: Transaction, pressed: ButtonPressed) -> str:
        """What a press brings about; gives the words that are shown for a moment. Pressed again, nothing more."""
        chat = pressed.chat
        # In a private chat both are the same; anywhere else nothing was offered.
        if chat is None or chat.id != pressed.sender.id:
            return ""
        thread = str(chat.id)
        interaction_id = await conversations.latest_of(tx, WrittenChannel.TELEGRAM, self._bot.name, thread)
        if interaction_id is None:
            return ""
        talk = await Talk.begun(tx, interaction_id, bot=self._bot.name, person_id=chat.id, usual=self._settings.locale)
        button = self._seal.read(pressed.data, chat_id=chat.id)
        if button is None:
            return talk.words(phrases.NO_LONGER_SO)
        key = f"press:{pressed.query_id}"
        if not await conversations.claim_fact(tx, WrittenChannel.TELEGRAM, self._bot.name, key, interaction_id):
            return ""
        return talk.words(await self._press(talk, button, account=thread))

    async def _press(self, talk: Talk, button: PromiseButton, *, account: str) -> Words:
        source, moment, zone = self._bot.name, button.moment, self._zone
        promise = button.callback_id
        match button.verb:
            case Verb.CONFIRM:
                suits = await appointments.confirm(talk.tx, promise, moment, source=source, account=account)
                return phrases.CONFIRMED if suits else phrases.NO_LONGER_SO
            case Verb.ASK_FOR_OTHERS:
                others = await appointments.choices(talk.tx, promise, moment, source=source, account=account, zone=zone)
                if not others:
                    return phrases.NO_LONGER_SO
                await talk.say(phrases.WHEN_INSTEAD, extras=self._choices(talk, promise, others))
                return phrases.WHEN_INSTEAD
            case Verb.MOVE:
                if not await appointments.move(talk.tx, promise, moment, source=source, account=account, zone=zone):
                    return phrases.NO_LONGER_SO
                said = phrases.moved(moment, zone, now=talk.tx.now)
                await talk.say(said)
                return said
            case _:
                assert_never(button.verb)

    def _choices(self, talk: Talk, callback_id: UUID, moments: list[datetime]) -> dict[str, object]:
        rows = phrases.moment_buttons(
            self._seal,
            chat_id=talk.person_id,
            callback_id=callback_id,
            moments=moments,
            zone=self._zone,
            now=talk.tx.now,
            language=talk.language,
        )
        return buttons_shown(rows)

    async def _tell(self, tx: Transaction, one: Untold, our_address: str) -> None:
        interaction_id = await appointments.conversation_of(
            tx, one, source=self._bot.name, queue=self._bot.queue, our_address=our_address
        )
        if interaction_id is not None:
            talk = await Talk.begun(
                tx, interaction_id, bot=self._bot.name, person_id=int(one.address), usual=self._settings.locale
            )
            words = phrases.promise(one.due_at, self._zone, now=tx.now)
            await talk.say(words, extras=self.offer(talk, one.id, one.due_at))


class Teller:
    """``run`` tells what has been promised, until it is cancelled."""

    def __init__(self, appointments: Appointments, database: Database, *, our_address: str) -> None:
        self._appointments = appointments
        self._database = database
        self._our_address = our_address
        self._outage = Outage("the database, for promises that clients are told")

    async def run(self) -> None:
        async with self._database.wakeups.waiter(TO_TELL) as woken:
            while True:
                woken.clear()
                if not await self._tell():
                    await woken_within(woken, _LOOK_EVERY_S)

    async def _tell(self) -> int:
        """How many were told; without the database none."""
        try:
            async with self._database.begin() as tx:
                told = await self._appointments.tell(tx, our_address=self._our_address)
        except DATABASE_AWAY as away:
            await self._outage.wait(away)
            return 0
        except Exception:  # what cannot be told must not silence the bot
            logger.exception("promises cannot be told", action="telegram_promises_untold")
            return 0
        self._outage.over()
        return told
