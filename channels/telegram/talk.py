"""With whom the bot speaks by itself, in which conversation and language, in which transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from channels.telegram import phrases
from channels.telegram.phrases import Language
from crm_core.actions import automatic
from crm_core.domain.words import Words
from crm_core.store import inbox
from crm_core.store import telegram_people as people
from crm_core.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One transaction's part of a private chat."""

    tx: Transaction
    interaction_id: UUID
    person_id: int
    client_id: UUID | None
    language: Language

    @classmethod
    async def begun(cls, tx: Transaction, interaction_id: UUID, *, bot: str, person_id: int, usual: Language) -> Talk:
        """``usual``: the language of whoever has told us none."""
        conversation = await inbox.hold_conversation(tx, interaction_id)
        client_id = conversation.client_id if conversation else None
        spoken = await people.language_of(tx, bot, person_id, client_id)
        language = phrases.language_of(spoken, default=usual)
        return cls(tx=tx, interaction_id=interaction_id, person_id=person_id, client_id=client_id, language=language)

    def words(self, words: Words) -> str:
        return phrases.say(words, self.language)

    async def say(self, words: Words, *, extras: Mapping[str, object] | None = None) -> None:
        await automatic.say(self.tx, self.interaction_id, self.words(words), extras=extras)
