"""A caller whom nobody answered is owed a call: by whom, by when, and why, in words.

The rule looks for a person in a visible order: the client's manager, then who
last talked with the client, then the queue, whose members see the promise
until one of them takes it. Who does not work here any more, or has said that
they are away, is passed over. It is told on the promise itself, in both
languages, so that nobody has to guess how it came to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from crm_core.domain.calls import Direction, Outcome

#: How an inbound call ends when the caller was not heard by a person.
MISSED = frozenset({Outcome.ABANDONED, Outcome.SHORT_ABANDONED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.VOICEMAIL})

#: A call that comes into the log later than this is history: nobody expects to be called back for it.
TOO_OLD = timedelta(hours=24)


class Because(StrEnum):
    """Why somebody is the one to call back."""

    MANAGER = "manager"
    LAST_TALKED = "last_talked"
    RANG = "rang"
    QUEUE = "queue"
    ASKED_FOR = "asked_for"
    SUPERVISOR = "supervisor"


class AskedIn(StrEnum):
    """Where somebody said that they want to be called."""

    MENU = "menu"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRule:
    """What a queue says about those it did not serve."""

    makes_callback: bool = True
    short_too: bool = False  # those who left at once as well
    due: timedelta = timedelta(minutes=15)


USUAL_MISSED_RULE = MissedRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody the rule may come to."""

    agent_id: UUID
    enabled: bool
    away: bool  # they have said so themselves

    @property
    def may_be_asked(self) -> bool:
        return self.enabled and not self.away


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Who owes the call; without a person it is the queue's."""

    because: Because
    agent_id: UUID | None = None
    queue: str | None = None
    queue_titles: Mapping[str, str] = field(default_factory=dict)  # by language
    manager_passed_over: bool = False


def was_missed(direction: str, outcome: str | None) -> bool:
    """Did a caller go without having been heard."""
    return direction == Direction.INBOUND and outcome in MISSED


def makes_callback(outcome: str | None, rule: MissedRule) -> bool:
    """Does the queue owe a call to a caller it missed like this."""
    return rule.makes_callback and (outcome != Outcome.SHORT_ABANDONED or rule.short_too)


def taker(
    *, manager: Candidate | None, last_talked: Candidate | None, rang: Candidate | None, queue: str | None
) -> Taker | None:
    """Who calls back; None: there is nobody to ask. ``rang`` counts only for a call outside of any queue."""
    passed_over = manager is not None and not manager.may_be_asked
    if manager is not None and manager.may_be_asked:
        return Taker(because=Because.MANAGER, agent_id=manager.agent_id)
    if last_talked is not None and last_talked.may_be_asked:
        return Taker(because=Because.LAST_TALKED, agent_id=last_talked.agent_id, manager_passed_over=passed_over)
    if queue is not None:
        return Taker(because=Because.QUEUE, queue=queue, manager_passed_over=passed_over)
    if rang is not None and rang.enabled:
        return Taker(because=Because.RANG, agent_id=rang.agent_id, manager_passed_over=passed_over)
    return None


def taker_of_request(
    *,
    asked_for: Candidate | None,
    manager: Candidate | None,
    last_talked: Candidate | None,
    queue: str | None,
    supervisor: UUID | None,
) -> Taker | None:
    """Who calls a client that asked for it; ``supervisor`` when nobody else is there, for it can never be refused."""
    if asked_for is not None and asked_for.may_be_asked:
        return Taker(because=Because.ASKED_FOR, agent_id=asked_for.agent_id)
    who = taker(manager=manager, last_talked=last_talked, rang=None, queue=queue)
    if who is None and supervisor is not None:
        passed_over = manager is not None
        return Taker(because=Because.SUPERVISOR, agent_id=supervisor, manager_passed_over=passed_over)
    return who


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedTries:
    """What is told of the tries a promise stands for."""

    count: int
    last_at: datetime
    wait_s: float | None  # of the last one
    queue: str | None = None  # None: outside of any queue
    queue_titles: Mapping[str, str] = field(default_factory=dict)  # by language


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What a caller is owed a call for: calls that were missed, a wish they told, or both."""

    who: Taker
    tries: MissedTries | None = None
    missed_at: datetime | None = None  # when the last of the tries ended
    asked_at: datetime | None = None
    asked_in: AskedIn = AskedIn.MENU

    @property
    def latest_at(self) -> datetime:
        """Who talks with the caller after this has heard all of it."""
        return max(at for at in (self.missed_at, self.asked_at) if at is not None)


def explained(debt: Debt, zone: tzinfo) -> dict[str, str]:
    """The rule in words, by language."""
    return {language: _sentence(language, debt, zone) for language in _WORDS}


def _sentence(language: str, debt: Debt, zone: tzinfo) -> str:
    words, who = _WORDS[language], debt.who
    asked = [words[debt.asked_in].format(at=_shown(debt.asked_at, zone))] if debt.asked_at else []
    missed = [_missed(language, debt.tries, zone)] if debt.tries else []
    passed_over = [words["passed_over"]] if who.manager_passed_over else []
    because = words[who.because].format(queue=who.queue_titles.get(language, who.queue))
    return " ".join([*asked, *missed, *passed_over, because])


def _missed(language: str, tries: MissedTries, zone: tzinfo) -> str:
    words, at = _WORDS[language], _shown(tries.last_at, zone)
    parts = [words["missed"].format(at=at) if tries.count == 1 else words["often"].format(at=at, count=tries.count)]
    if tries.queue is not None:
        parts.append(words["in_queue"].format(queue=tries.queue_titles.get(language, tries.queue)))
    if tries.wait_s is not None:
        parts.append(words["waited"].format(waited=_clock(tries.wait_s)))
    return f"{', '.join(parts)}."


def _shown(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        AskedIn.MENU: "The client asked in the menu at {at} to be called back.",
        AskedIn.CHAT: "The client asked in writing at {at} to be called back.",
        "missed": "Missed call {at}",
        "often": "Missed call, tries: {count}, the last {at}",
        "in_queue": "queue {queue}",
        "waited": "waited {waited}",
        "passed_over": "The client's manager is away.",
        Because.MANAGER: "Yours because you are the client's manager.",
        Because.LAST_TALKED: "Yours because you were the last to talk with them.",
        Because.RANG: "Yours because your phone was called.",
        Because.QUEUE: "Open to everybody of the queue {queue}: the first to take it calls.",
        Because.ASKED_FOR: "Yours because the client asked for you.",
        Because.SUPERVISOR: "Yours because nobody else is there to be asked.",
    },
    "ru": {
        AskedIn.MENU: "В {at} клиент попросил в меню перезвонить.",
        AskedIn.CHAT: "В {at} клиент попросил в переписке перезвонить.",
        "missed": "Пропущенный звонок в {at}",
        "often": "Пропущенный звонок, попыток: {count}, последняя в {at}",
        "in_queue": "очередь «{queue}»",
        "waited": "ожидание {waited}",
        "passed_over": "Менеджера клиента нет на месте.",
        Because.MANAGER: "Перезваниваете вы: это ваш клиент.",
        Because.LAST_TALKED: "Перезваниваете вы: последний разговор с ним был у вас.",
        Because.RANG: "Перезваниваете вы: звонили на ваш телефон.",
        Because.QUEUE: "Перезванивает очередь «{queue}»: кто первым возьмёт.",
        Because.ASKED_FOR: "Перезваниваете вы: клиент просил именно вас.",
        Because.SUPERVISOR: "Перезваниваете вы: больше некому.",
    },
}
