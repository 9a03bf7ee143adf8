"""What somebody must be and know to be given something, from the words in which it was written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import Need
from crm_core.domain.people import normalised_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What it asks of its next owner, as it was written down."""

    from_agent_id: UUID | None
    team_id: UUID | None
    skills: Iterable[str]
    language: str | None  # of the client, "kk-KZ"
    destination: str | None
    cooldown: timedelta
    only: Collection[UUID] = ()  # the people of its queue, when it has any

    def need(self, at: datetime) -> Need:
        """The same in the words in which people are known."""
        destinations = normalised_words([self.destination]) if self.destination else []
        return Need(
            at=at,
            from_agent_id=self.from_agent_id,
            team_id=self.team_id,
            only=frozenset(self.only),
            skills=frozenset(normalised_words(self.skills)),
            languages=tuple(normalised_words([self.language.split("-")[0]])) if self.language else (),
            destination=destinations[0] if destinations else None,
            cooldown=self.cooldown,
        )
