"""What the bot answers by itself, in the transaction that stores what it was told.

So each is answered once, whoever dies when, and what is told twice is answered once as
well. Only in the private chats of the bot: in a group, or where it stands in for a
person, it is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from channels.telegram import phrases
from channels.telegram.outgoing import number_asked
from channels.telegram.phrases import Language, say
from channels.telegram.values import Command, CommandName, MessageHeard, Person, SharedContact
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.actions import automatic, clients, identity, signals
from crm_core.actions.wishes import Fate, Wished, awaits_number, request_call
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.phones import normalise
from crm_core.domain.words import Words
from crm_core.store import inbox
from crm_core.store import telegram_people as people
from crm_core.store.database import Transaction

#: Nobody writes a number and anything else in so few letters.
_LONGEST_NUMBER: Final = 30


class Answers:
    """One bot's."""

    def __init__(self, bot: TelegramSettings, settings: Settings) -> None:
        self._bot = bot
        self._settings = settings

    async def to_message(self, tx: Transaction, said: MessageHeard, interaction_id: UUID) -> None:
        """What follows from a message that has just been stored."""
        if said.sender is None or not said.chat.is_private or said.business_connection is not None:
            return
        talk = await self._talk(tx, said.sender, interaction_id)
        if said.command is not None:
            await self._to_command(talk, said, said.command)
        elif said.contact is not None:
            await self._to_contact(talk, said, said.contact)
        elif len(said.text) <= _LONGEST_NUMBER and (number := normalise(said.text, self._settings.country)) is not None:
            await self._to_number(talk, said, number)

    async def _to_command(self, talk: _Talk, said: MessageHeard, command: Command) -> None:
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

    async def _choose_language(self, talk: _Talk, argument: str) -> None:
        language = phrases.language_named(argument)
        if language is None:
            await talk.say(phrases.LANGUAGE_ASKED)
            return
        await people.choose_language(talk.tx, self._bot.name, talk.person.id, language)
        if talk.client_id is not None:
            await clients.set_language(talk.tx, talk.client_id, language)
        await replace(talk, language=language).say(phrases.LANGUAGE_SET)

    async def _to_contact(self, talk: _Talk, said: MessageHeard, contact: SharedContact) -> None:
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

    async def _to_number(self, talk: _Talk, said: MessageHeard, number: str) -> None:
        """Whoever asks to be called may be called at any number; it proves nothing."""
        if await awaits_number(talk.tx, talk.interaction_id, at=said.at):
            await self._promise_call(talk, said, number)

    async def _promise_call(self, talk: _Talk, said: MessageHeard, number: str | None) -> None:
        zone = self._settings.timezone
        wished = await request_call(
            talk.tx, talk.interaction_id, number=number, asked_at=min(said.at, talk.tx.now), timezone=zone
        )
        match wished:
            case Wished(fate=Fate.PROMISED, due_at=datetime() as due_at):
                await talk.say(phrases.call_promised(due_at, zone, now=talk.tx.now))
            case Wished(fate=Fate.NUMBER_NEEDED):
                extras = number_asked(say(phrases.SHARE_NUMBER, talk.language))
                await talk.say(phrases.NUMBER_ASKED, extras=extras)
            case _:
                await talk.say(phrases.CALL_ASKED_IN_VAIN)

    async def _talk(self, tx: Transaction, person: Person, interaction_id: UUID) -> _Talk:
        conversation = await inbox.hold_conversation(tx, interaction_id)
        client_id = conversation.client_id if conversation else None
        spoken = await people.language_of(tx, self._bot.name, person.id, client_id)
        language = phrases.language_of(spoken, default=self._settings.locale)
        return _Talk(tx=tx, interaction_id=interaction_id, person=person, client_id=client_id, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """With whom, in which language, in which transaction."""

    tx: Transaction
    interaction_id: UUID
    person: Person
    client_id: UUID | None
    language: Language

    async def say(self, words: Words, *, extras: Mapping[str, object] | None = None) -> None:
        await automatic.say(self.tx, self.interaction_id, say(words, self.language), extras=extras)
