"""Why a conversation was given to somebody, or is still nobody's: a sentence and the record of the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Choice
from crm_core.domain.distribution_words import verdict_in_words
from crm_core.domain.explanations import SCHEMA, choice_record, iso
from crm_core.domain.policies import Policy
from crm_core.domain.watching import Move
from crm_core.domain.words import Words, moment_in_words, span_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Whoever had it has not answered in time."""

    name: str
    policy: Policy
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingStory:
    """What was known when a conversation was given to somebody; ``choice`` has chosen."""

    at: datetime
    since: datetime  # the client waits
    due_at: datetime
    choice: Choice
    late: Late | None = None  # None: nobody had it, or
    away: str | None = None  # whoever had it, who is away


def giving_sentence(story: GivingStory, zone: ZoneInfo) -> Words:
    """To whom, and why, with times on the clock of ``zone``."""
    chosen = story.choice.chosen
    assert chosen is not None
    at = moment_in_words(story.at, zone, now=story.at)
    fits = verdict_in_words(story.choice.verdicts[0], story.choice, zone, now=story.at)
    if story.away is not None:
        return Words(
            ru=f"В {at.ru} разговор перешёл ({story.away} → {chosen.name}): {story.away} в отсутствии; "
            f"{chosen.name}: {fits.ru}.",
            en=f"At {at.en} the conversation moved ({story.away} → {chosen.name}): {story.away} is absent; "
            f"{chosen.name}: {fits.en}.",
        )
    if story.late is None:
        return Words(
            ru=f"В {at.ru} разговор отдан ({chosen.name}): {fits.ru}.",
            en=f"At {at.en} the conversation was given ({chosen.name}): {fits.en}.",
        )
    due, span = moment_in_words(story.due_at, zone, now=story.at), span_in_words(story.late.move.late)
    rule, hands = story.late.policy.name, f"{story.late.name} → {chosen.name}"
    return Words(
        ru=f"В {at.ru} разговор перешёл ({hands}): ответить надо было до {due.ru}, опоздание {span.ru}, "
        f"правило «{rule}»; {chosen.name}: {fits.ru}.",
        en=f"At {at.en} the conversation moved ({hands}): an answer was due by {due.en} and is {span.en} late, "
        f"rule “{rule}”; {chosen.name}: {fits.en}.",
    )


def giving_record(story: GivingStory, zone: ZoneInfo) -> Mapping[str, object]:
    """Everything it was decided by: ids as strings, moments in UTC, spans in seconds."""
    late = story.late
    return {
        "schema": SCHEMA,
        "clocks": {
            "since": iso(story.since),
            "due_at": iso(story.due_at),
            "at": iso(story.at),
            "escalate_at": iso(late.move.escalate_at) if late else None,
            "forgiven_s": late.move.forgiven.total_seconds() if late else 0.0,
        },
        "policy": {"name": late.policy.name, "version": late.policy.version} if late else None,
        **choice_record(story.choice, story.at, zone),
    }
