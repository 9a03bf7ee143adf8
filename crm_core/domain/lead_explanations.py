"""Why a lead was given to somebody, went on, or waits: a sentence for people and the record of the choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Choice
from crm_core.domain.distribution_words import verdict_in_words
from crm_core.domain.explanations import SCHEMA, Explanation, choice_record, iso
from crm_core.domain.words import Words, counted, moment_in_words, span_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class FromOwner:
    """Who did not accept it, and how often it has gone on."""

    name: str
    accept_by: datetime
    moves: int
    max_moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStory:
    """What was known when a lead was given out, or could not be."""

    at: datetime
    created_at: datetime
    nobody_since: datetime | None = None  # it has waited for somebody since
    lost: FromOwner | None = None  # None: it was nobody's
    choice: Choice | None = None  # None: it has gone on as often as it may, nobody was asked
    accept_by: datetime | None = None  # for the new owner


def explain_lead(story: LeadStory, zone: ZoneInfo) -> Explanation:
    """The sentence, with times on the clock of ``zone``, and the record to store."""
    sentence = _sentence(story, zone)
    return Explanation(
        sentence=sentence,
        record={
            "schema": SCHEMA,
            "sentence": sentence.as_json(),
            "clocks": {
                "created_at": iso(story.created_at),
                "nobody_since": iso(story.nobody_since),
                "not_accepted_by": iso(story.lost.accept_by if story.lost else None),
                "at": iso(story.at),
                "accept_by": iso(story.accept_by),
            },
            **(choice_record(story.choice, story.at, zone) if story.choice else {"candidates": []}),
        },
    )


def _sentence(story: LeadStory, zone: ZoneInfo) -> Words:
    at = moment_in_words(story.at, zone, now=story.at)
    chosen = story.choice.chosen if story.choice else None
    lost = _not_accepted(story, zone)
    if chosen is None:
        reason = _no_choice(story)
        return Words(
            ru=f"В {at.ru} лид остался без менеджера: {lost.ru}{reason.ru}; решает руководитель.",
            en=f"At {at.en} the lead was left with nobody: {lost.en}{reason.en}; the supervisor decides.",
        )
    assert story.choice is not None
    assert story.accept_by is not None
    fits = verdict_in_words(story.choice.verdicts[0], story.choice, zone, now=story.at)
    until = moment_in_words(story.accept_by, zone, now=story.at)
    why = Words(
        ru=f"{fits.ru}; принять до {until.ru}.",
        en=f"{fits.en}; to be accepted by {until.en}.",
    )
    if story.lost is not None:
        hands = f"{story.lost.name} → {chosen.name}"
        return Words(
            ru=f"В {at.ru} лид перешёл ({hands}): {lost.ru}{chosen.name}: {why.ru}",
            en=f"At {at.en} the lead went on ({hands}): {lost.en}{chosen.name}: {why.en}",
        )
    return Words(
        ru=f"В {at.ru} лид отдан ({chosen.name}): {lost.ru}{why.ru}",
        en=f"At {at.en} the lead was given ({chosen.name}): {lost.en}{why.en}",
    )


def _not_accepted(story: LeadStory, zone: ZoneInfo) -> Words:
    """Why it is looked for somebody at all, when that needs saying."""
    if story.lost is not None:
        until = moment_in_words(story.lost.accept_by, zone, now=story.at)
        return Words(
            ru=f"не принят до {until.ru} ({story.lost.name}), " if _is_left(story) else f"не принят до {until.ru}; ",
            en=f"not accepted by {until.en} ({story.lost.name}), "
            if _is_left(story)
            else f"not accepted by {until.en}; ",
        )
    if story.nobody_since is not None and not _is_left(story):
        waited = span_in_words(story.at - story.nobody_since)
        return Words(ru=f"ждал {waited.ru}, не было никого; ", en=f"it waited for {waited.en}, there was nobody; ")
    return Words(ru="", en="")


def _is_left(story: LeadStory) -> bool:
    return story.choice is None or story.choice.chosen is None


def _no_choice(story: LeadStory) -> Words:
    if story.choice is not None or story.lost is None:
        return Words(ru="отдать его некому", en="nobody could take it")
    times = counted(story.lost.moves, ("передача", "передачи", "передач"), "transfer")
    return Words(ru=f"{times.ru} из {story.lost.max_moves}", en=f"{times.en} of {story.lost.max_moves}")
