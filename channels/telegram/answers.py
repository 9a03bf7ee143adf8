"""What the bot answers by itself, in the transaction that stores what it was told.

So each is answered once, whoever dies when, and what is told twice is answered once as
well. Only in the private chats of the bot: in a group, or where it stands in for a
person, it is silent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never
from uuid import UUID

from channels.telegram import phrases
from channels.telegram.appointments import Appointments
from channels.telegram.files import is_too_big
from channels.telegram.outgoing import number_asked
from channels.telegram.talk import Talk
from channels.telegram.values import Command, CommandName, MessageHeard, SharedContact
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.actions import clients, identity, signals
from crm_core.actions.wishes import Fate, Promised, Wished, awaits_number, request_call
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.phones import normalise
from crm_core.store import telegram_people as people
from crm_core.store.database import Transaction

#: Nobody writes a number and anything else in so few letters.
_LONGEST_NUMBER: Final = 30


class Answers:
    """One bot's."""

    def __init__(self, bot: TelegramSettings, settings: Settings, appointments: Appointments) -> None:
        self._bot = bot
        self._settings = settings
        self._appointments = appointments

    async def to_message(self, tx: Transaction, said: MessageHeard, interaction_id: UUID) -> None:
        """What follows from a message that has just been stored."""
        if said.sender is None or not said.chat.is_private or said.business_connection is not None:
            return
        talk = await Talk.begun(
            tx, interaction_id, bot=self._bot.name, person_id=said.sender.id, usual=self._settings.locale
        )
        if any(is_too_big(file) for file in said.files):
            await talk.say(phrases.FILE_TOO_BIG)
        if said.command is not None:
            await self._to_command(talk, said, said.command)
        elif said.contact is not None:
            await self._to_contact(talk, said, said.contact)
        elif len(said.text) <= _LONGEST_NUMBER and (number := normalise(said.text, self._settings.country)) is not None:
            await self._to_number(talk, said, number)

    async def _to_command(self, talk: Talk, said: MessageHeard, command: Command) -> None:
        match command.name:
            case CommandName.START:
                if command.argument:
                    await signals.note_tag(talk.tx, talk.interaction_id, command.argument)
                await talk.say(phrases.GREETING)
            case CommandName.HOTLINE:
                await signals.call_for_hotline(talk.tx, talk.interaction_id, queue=self._bot.hotline_queue)
                await talk.say(phrases.hotline(self._bot.hotline_phone))
            case CommandName.CALL:
                await self._promise_call(talk, said, None)
            case CommandName.LANGUAGE:
                await self._choose_language(talk, command.argument)
            case _:
                assert_never(command.name)

    async def _choose_language(self, talk: Talk, argument: str) -> None:
        language = phrases.language_named(argument)
        if language is None:
            await talk.say(phrases.LANGUAGE_ASKED)
            return
        await people.choose_language(talk.tx, self._bot.name, talk.person_id, language)
        if talk.client_id is not None:
            await clients.set_language(talk.tx, talk.client_id, language)
        await replace(talk, language=language).say(phrases.LANGUAGE_SET)

    async def _to_contact(self, talk: Talk, said: MessageHeard, contact: SharedContact) -> None:
        """Only Telegram's word that a number is the sender's own joins them to a client."""
        awaited = await awaits_number(talk.tx, talk.interaction_id, at=said.at)
        number = normalise(
            contact.number if contact.number.startswith("+") else f"+{contact.number}", self._settings.country
        )
        if contact.is_own and number is not None:
            await identity.prove(talk.tx, talk.interaction_id, ContactPointKind.PHONE, number)
            if awaited:
                await self._promise_call(talk, said, number)
        elif awaited:
            await talk.say(phrases.NOT_OWN_NUMBER)

    async def _to_number(self, talk: Talk, said: MessageHeard, number: str) -> None:
        """Whoever asks to be called may be called at any number; it proves nothing."""
        if await awaits_number(talk.tx, talk.interaction_id, at=said.at):
            await self._promise_call(talk, said, number)

    async def _promise_call(self, talk: Talk, said: MessageHeard, number: str | None) -> None:
        zone = self._settings.timezone
        wished = await request_call(
            talk.tx, talk.interaction_id, number=number, asked_at=min(said.at, talk.tx.now), timezone=zone
        )
        match wished:
            case Wished(promised=Promised(callback_id=callback_id, due_at=due_at)):
                words = phrases.call_promised(due_at, zone, now=talk.tx.now)
                await talk.say(words, extras=self._appointments.offer(talk, callback_id, due_at))
            case Wished(fate=Fate.NUMBER_NEEDED):
                await talk.say(phrases.NUMBER_ASKED, extras=number_asked(talk.words(phrases.SHARE_NUMBER)))
            case _:
                await talk.say(phrases.CALL_ASKED_IN_VAIN)
