"""Why a promise moved, or could not: one sentence for people, and everything it was decided by.

The record is stored with the move and never made again: rules, clocks and
people will have changed by the time somebody asks. It holds values; of each
move only the one sentence is stored in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.callbacks import LateBy
from crm_core.domain.distribution import Choice, Limits, Strategy, Verdict
from crm_core.domain.distribution_words import verdict_in_words
from crm_core.domain.outages import Gap, lost_spans
from crm_core.domain.policies import Policy
from crm_core.domain.rosters import Roster
from crm_core.domain.watching import Move
from crm_core.domain.words import Words, moment_in_words, span_in_words

#: Of a record that holds the people it names, as those of leads do; a reader of old ones looks at it.
SCHEMA: Final = 1
#: Of a record that names answers in a roster by number.
SCHEMA_WITH_ROSTER: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStory:
    """What was known when the watchdog decided."""

    at: datetime
    policy: Policy
    promised_at: datetime
    due_at: datetime
    grace_from: datetime
    warned_at: datetime | None
    move: Move
    gaps: Sequence[Gap]
    from_agent_id: UUID | None  # None: it was a queue's, and nobody's own
    from_name: str
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``record``: ids as strings, moments in UTC, spans in seconds."""

    sentence: Words
    record: Mapping[str, object]


def move_record(story: MoveStory, zone: ZoneInfo, roster: Roster) -> dict[str, object]:
    """Everything a move was decided by, to be stored with the ``roster`` on which everybody's verdict is put."""
    choice, chosen = story.choice, story.choice.chosen
    return {
        "schema": SCHEMA_WITH_ROSTER,
        "zone": zone.key,
        "policy": _policy(story.policy),
        "clocks": _clocks(story),
        "from_agent_id": str(story.from_agent_id) if story.from_agent_id else None,
        "strategy": choice.strategy.value,
        "load_cap": choice.limits.load_cap,
        "to_agent_id": str(chosen.agent_id) if chosen else None,
        "near_cap": choice.near_cap,
        "answers": roster.answers_of(choice),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Why one person was chosen or passed over, with its sentence."""

    verdict: Verdict
    words: Words


def tell_verdicts(record: Mapping[str, Any], verdicts: Iterable[Verdict]) -> list[Told]:
    """Who was asked about a move, in the words of then; ``record``: what ``move_record`` stored."""
    choice = Choice(
        strategy=Strategy(record["strategy"]),
        limits=Limits(load_cap=record["load_cap"]),
        verdicts=tuple(verdicts),
    )
    zone, at = ZoneInfo(record["zone"]), datetime.fromisoformat(record["clocks"]["at"])
    return [Told(verdict=verdict, words=verdict_in_words(verdict, choice, zone, now=at)) for verdict in choice.verdicts]


def nobody_record(choice: Choice) -> dict[str, list[str]]:
    """Who was passed over for what, when nobody could take it."""
    reasons: dict[str, list[str]] = {}
    for verdict in choice.verdicts:
        reasons.setdefault(verdict.reason.value, []).append(verdict.candidate.name)
    return reasons


def choice_record(choice: Choice, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Who was asked ``at`` that moment, what they were judged by, and who was chosen, whole and with the words."""
    chosen = choice.chosen
    return {
        "strategy": choice.strategy.value,
        "to_agent_id": str(chosen.agent_id) if chosen else None,
        "near_cap": choice.near_cap,
        "try_again_at": iso(choice.try_again_at),
        "candidates": [_candidate(verdict, choice, at, zone) for verdict in choice.verdicts],
    }


def move_sentence(story: MoveStory, zone: ZoneInfo) -> Words:
    """Whether it moved, from whom to whom, and why, with times on the clock of ``zone``."""
    at, due = moment_in_words(story.at, zone, now=story.at), moment_in_words(story.due_at, zone, now=story.at)
    late, lost = span_in_words(story.move.late), _lost(story.move)
    why_ru = f"срок был {due.ru}, опоздание на {late.ru}{lost.ru}, правило «{story.policy.name}»"
    why_en = f"it was due at {due.en} and is {late.en} late{lost.en}, rule “{story.policy.name}”"
    chosen = story.choice.chosen
    if chosen is None:
        return Words(
            ru=f"В {at.ru} обещание осталось у прежнего менеджера ({story.from_name}): {why_ru}, "
            "но передать его некому; решает руководитель.",
            en=f"At {at.en} the promise stayed where it was ({story.from_name}): {why_en}, "
            "but nobody could take it; the supervisor decides.",
        )
    fits = verdict_in_words(story.choice.verdicts[0], story.choice, zone, now=story.at)
    return Words(
        ru=f"В {at.ru} обещание перешло ({story.from_name} → {chosen.name}): {why_ru}; {chosen.name}: {fits.ru}.",
        en=f"At {at.en} the promise moved ({story.from_name} → {chosen.name}): {why_en}; {chosen.name}: {fits.en}.",
    )


def _lost(move: Move) -> Words:
    if not move.forgiven:
        return Words(ru="", en="")
    span = span_in_words(move.forgiven)
    if move.late_by is LateBy.SYSTEM:
        return Words(ru=f" из-за перерыва связи на {span.ru}", en=f" because of an outage of {span.en}")
    return Words(ru=f" (перерыв связи на {span.ru} не в счёт)", en=f" (an outage of {span.en} does not count)")


def _policy(policy: Policy) -> dict[str, object]:
    return {
        "name": policy.name,
        "version": policy.version,
        "grace_s": policy.grace.total_seconds(),
        "cooldown_s": policy.cooldown.total_seconds(),
        "max_moves": policy.max_moves,
        "working_time": policy.working_time,
    }


def _clocks(story: MoveStory) -> dict[str, object]:
    gaps = lost_spans(story.gaps, story.grace_from, story.at)
    return {
        "promised_at": story.promised_at,
        "due_at": story.due_at,
        "grace_from": story.grace_from,
        "warned_at": story.warned_at,
        "escalate_at": story.move.escalate_at,
        "at": story.at,
        "late_s": story.move.late.total_seconds(),
        "late_by": story.move.late_by.value,
        "forgiven_s": story.move.forgiven.total_seconds(),
        "gaps": [{"from": begins, "to": ends} for begins, ends in gaps],
    }


def _candidate(verdict: Verdict, choice: Choice, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    candidate = verdict.candidate
    return {
        "agent_id": str(candidate.agent_id),
        "name": candidate.name,
        "reason": verdict.reason.value,
        "words": verdict_in_words(verdict, choice, zone, now=at).as_json(),
        "state": candidate.state.value,
        "present": candidate.present,
        "active_clients": candidate.active_clients,
        "given_lately": verdict.given_lately,
        "last_given_at": iso(verdict.last_given_at),
        "talked_at": iso(candidate.talked_at),
        "until": iso(verdict.until),
        "missing": list(verdict.missing),
    }


def iso(moment: datetime | None) -> str | None:
    """As records hold a moment: in UTC."""
    return moment.astimezone(UTC).isoformat() if moment else None
