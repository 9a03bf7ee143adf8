"""To whom a promise or a lead is given: what it asks, in the words in which people are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import Choice, Need
from crm_core.domain.people import normalised_words
from crm_core.store.candidates import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What it asks of its next owner, as it was written down."""

    from_agent_id: UUID | None
    team_id: UUID | None
    skills: Iterable[str]
    language: str | None  # of the client, "kk-KZ"
    destination: str | None
    cooldown: timedelta


def choose(
    field: Field,
    wanted: Wanted,
    at: datetime,
    *,
    lost: Mapping[UUID, datetime],
    talked: Mapping[UUID, datetime],
) -> Choice:
    """Who shall have it. ``lost``: who had this very one, until when; ``talked``: who knows its client."""
    terms = field.terms_of(wanted.team_id)
    destinations = normalised_words([wanted.destination]) if wanted.destination else []
    need = Need(
        at=at,
        from_agent_id=wanted.from_agent_id,
        team_id=wanted.team_id,
        skills=frozenset(normalised_words(wanted.skills)),
        languages=tuple(normalised_words([wanted.language.split("-")[0]])) if wanted.language else (),
        destination=destinations[0] if destinations else None,
        cooldown=wanted.cooldown,
    )
    return field.everybody.choose(need, terms.strategy, limits=terms.limits, lost=lost, talked=talked)
