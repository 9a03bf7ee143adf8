"""From what Telegram tells to what the log holds, and what the bot says to it by itself.

What is said in a chat becomes messages of a conversation; the raw update is kept
beside each, with everything we do not show yet. What makes no sense is parked.
Files are fetched before the message is stored, because Telegram keeps them for an
hour only for sure; one that cannot be had does not hold up what was said with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, Self, assert_never

from prometheus_client import Counter

from channels.telegram import phrases
from channels.telegram.answers import Answers
from channels.telegram.api import Identity, TelegramApi
from channels.telegram.appointments import Appointments
from channels.telegram.files import Fetching, FileFetcher
from channels.telegram.groups import is_for_us, trip_code
from channels.telegram.heard import as_heard
from channels.telegram.sender import Sender
from channels.telegram.threads import Thread
from channels.telegram.values import (
    BusinessConnected,
    ButtonPressed,
    GroupMoved,
    MessageHeard,
    MessagesDeleted,
    Parked,
    Passed,
    Standing,
    StandingChanged,
    Update,
)
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.messages import record_and_tell, record_deleted, record_edit
from crm_core.actions.raw_inputs import record_rejected
from crm_core.actions.telegram_groups import bind_by_code
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store import telegram_groups as groups
from crm_core.store import telegram_people as people
from crm_core.store.database import Database, Transaction

PARKED: Final = Counter(
    "perezvon_telegram_parked_total", "Updates that were kept whole and not understood, by bot.", ("bot",)
)


class Mouth(Protocol):
    """What is said at once and by nobody: of use now, or not at all."""

    async def answer_button(self, query_id: str, notice: str = "") -> bool:
        """Let an app stop waiting, with words for a moment; False: it no longer waits."""
        ...

    async def remark(self, chat_id: int, text: str, *, reply_to: int) -> None:
        """Say it in that chat if it can be said now."""
        ...


#: What is told after the commit; when we die before it, whoever waits looks, or asks again.
Telling = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A message as Telegram told it, and in the log's words."""

    said: MessageHeard
    message: HeardMessage

    @property
    def is_edit(self) -> bool:
        return self.said.edited_at is not None


class TelegramLog:
    """The other end of the room: ``store`` returns after the commit."""

    def __init__(
        self,
        bot: TelegramSettings,
        settings: Settings,
        database: Database,
        *,
        username: str,
        files: Fetching,
        mouth: Mouth,
    ) -> None:
        self._bot = bot
        self._database = database
        self._username = username
        self._files = files
        self._mouth = mouth
        self._usual = settings.locale
        self._appointments = Appointments(bot, settings)
        self._answers = Answers(bot, settings, self._appointments)

    @classmethod
    def at(
        cls,
        api: TelegramApi,
        me: Identity,
        sender: Sender,
        *,
        bot: TelegramSettings,
        settings: Settings,
        database: Database,
    ) -> Self:
        """That of a bot whose way to Telegram is open."""
        return cls(
            bot,
            settings,
            database,
            username=me.username,
            files=FileFetcher(api),
            mouth=sender,
        )

    async def store(self, updates: Sequence[Update]) -> None:
        """Keep what they mean; what is held already is passed over.

        Raises:
            one of ``DATABASE_AWAY``: tell it again.
        """
        found = await asyncio.gather(*(self._heard(update) for update in updates))
        heard = [one for one in found if one is not None]
        while True:
            try:
                async with self._database.begin() as tx:
                    await self._record_moves(tx, updates)
                    await self._record(tx, heard)
                    tellings = await self._record_others(tx, updates)
            except FactTakenElsewhere:
                continue  # by whoever had this bot before us: now it is known
            break
        PARKED.labels(self._bot.name).inc(sum(isinstance(update.meaning, Parked) for update in updates))
        await asyncio.gather(*(tell() for tell in tellings))

    async def _record_moves(self, tx: Transaction, updates: Sequence[Update]) -> None:
        """Before what is said there: it goes on in the same conversations."""
        for update in updates:
            if isinstance(update.meaning, GroupMoved):
                await groups.move(tx, self._bot.name, update.meaning.from_id, update.meaning.to_id)

    async def _record(self, tx: Transaction, heard: Sequence[_Heard]) -> None:
        fresh = [one for one in heard if not one.is_edit]
        recorded = await record_and_tell(tx, [one.message for one in fresh])
        await people.meet(tx, self._bot.name, _writers(fresh))
        for one, kept in zip(fresh, recorded, strict=True):
            if kept.is_new and not one.said.chat.is_private:
                chat = one.said.chat
                await groups.asked_in(tx, self._bot.name, chat.id, chat.title, kept.interaction_id)
            elif kept.is_new:
                await self._answers.to_message(tx, one.said, kept.interaction_id)
        for one in heard:
            if one.is_edit:
                await record_edit(tx, one.message)

    async def _record_others(self, tx: Transaction, updates: Sequence[Update]) -> list[Telling]:
        """What is no message; gives what is then told to whoever pressed a button or typed a code."""
        tellings: list[Telling] = []
        for update in updates:
            match update.meaning:
                case Parked(reason=reason):
                    source = f"telegram:{self._bot.name}"
                    await record_rejected(tx, source=source, reason=reason, raw=update.raw_bytes, key=update.key)
                case ButtonPressed() as pressed:
                    notice = await self._appointments.to_button(tx, pressed)
                    tellings.append(partial(self._mouth.answer_button, pressed.query_id, notice))
                case MessagesDeleted() as deleted:
                    thread = Thread(chat_id=deleted.chat.id, connection=deleted.business_connection)
                    names = [thread.message(number) for number in deleted.message_ids]
                    await record_deleted(tx, WrittenChannel.TELEGRAM, self._bot.name, names)
                case StandingChanged() as standing:
                    await self._record_standing(tx, standing)
                case MessageHeard() as said:
                    if (code := trip_code(said, username=self._username)) is not None:
                        words = await self._bind(tx, said, code)
                        tellings.append(partial(self._mouth.remark, said.chat.id, words, reply_to=said.message_id))
                case GroupMoved() | BusinessConnected() | Passed():
                    pass
                case _:
                    assert_never(update.meaning)
        return tellings

    async def _bind(self, tx: Transaction, said: MessageHeard, code: str) -> str:
        """The group is about the trip of that code from now on; gives what is answered."""
        trip = None
        if code:
            trip = await bind_by_code(tx, self._bot.name, said.chat.id, title=said.chat.title, typed=code)
        refusal = phrases.TRIP_CODE_WORTHLESS if code else phrases.TRIP_CODE_NEEDED
        spoken = said.sender.language if said.sender is not None else None
        language = phrases.language_of(spoken, default=self._usual)
        return phrases.say(refusal if trip is None else phrases.group_bound(trip), language)

    async def _record_standing(self, tx: Transaction, standing: StandingChanged) -> None:
        """Blocked or unblocked by a person, taken into a group or put out of it."""
        chat, is_in = standing.chat, standing.now is not Standing.GONE
        if not chat.is_private:
            await groups.be_in(tx, self._bot.name, chat.id, title=chat.title, is_in=is_in)
        elif is_in:
            await people.meet(tx, self._bot.name, {standing.by.id: standing.by.language})
        else:
            await people.block(tx, self._bot.name, standing.by.id)

    async def _heard(self, update: Update) -> _Heard | None:
        said = update.meaning
        if not isinstance(said, MessageHeard) or said.sender is None or not _is_a_clients(said):
            return None
        if not is_for_us(said, username=self._username) or trip_code(said, username=self._username) is not None:
            return None
        fetched = await asyncio.gather(*(self._files.fetch(file) for file in said.files))
        message = as_heard(
            said,
            source=self._bot.name,
            queue=self._bot.queue,
            username=self._username,
            fetched=dict(zip(said.files, fetched, strict=True)),
            raw=update.raw_bytes,
        )
        return _Heard(said=said, message=message)


def _is_a_clients(said: MessageHeard) -> bool:
    """Where the bot stands in for a person, it is told what that person writes as well."""
    return said.business_connection is None or (said.sender is not None and said.sender.id == said.chat.id)


def _writers(heard: Sequence[_Heard]) -> dict[int, str | None]:
    """Who has written to the bot itself, and what their app speaks."""
    return {
        one.said.sender.id: one.said.sender.language
        for one in heard
        if one.said.sender is not None and one.said.chat.is_private and one.said.business_connection is None
    }
