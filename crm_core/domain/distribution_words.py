"""Why somebody was chosen or passed over, as the supervisor and both managers read it.

Nobody's gender is known and no name is inflected, so the words say what is,
not what he or she did.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Candidate, Choice, Reason, Strategy, Verdict
from crm_core.domain.people import AgentState
from crm_core.domain.words import Words, counted, moment_in_words, plural_ru, span_in_words

_STATES = {
    AgentState.AVAILABLE: Words(ru="на линии", en="available"),
    AgentState.RINGING: Words(ru="звонит телефон", en="their phone rings"),
    AgentState.TALKING: Words(ru="в разговоре", en="in a call"),
    AgentState.HOLD: Words(ru="в разговоре", en="in a call"),
    AgentState.WRAP_UP: Words(ru="после звонка", en="in wrap-up"),
    AgentState.OFFLINE: Words(ru="не на связи", en="not online"),
}

_FIXED = {
    Reason.HAD_IT: Words(ru="было здесь", en="had it"),
    Reason.OFFLINE: Words(ru="не на связи", en="not online"),
    Reason.OTHER_TEAM: Words(ru="другая команда", en="another team"),
    Reason.OTHER_QUEUE: Words(ru="не в этой очереди", en="not of this queue"),
    Reason.KNOWS_CLIENT_LESS: Words(ru="клиента знает меньше", en="knows the client less"),
    Reason.TIE: Words(ru="подходит так же, решил порядок", en="fits as well, the order decided"),
}

_BETTER = {
    Strategy.LEAST_LOADED: Words(ru="свободнее других", en="the least loaded"),
    Strategy.TEAM: Words(ru="свободнее других в команде", en="the least loaded of the team"),
    Strategy.ROUND_ROBIN: Words(ru="подошла очередь", en="next in turn"),
    Strategy.BEST_FIT: Words(ru="подходит лучше других", en="the best fit"),
}


def verdict_in_words(verdict: Verdict, choice: Choice, zone: ZoneInfo, *, now: datetime) -> Words:
    """Why this person was chosen or passed over."""
    if verdict.reason in _FIXED:
        return _FIXED[verdict.reason]
    match verdict.reason:
        case Reason.CHOSEN:
            return _chosen(verdict, choice, now)
        case Reason.ABSENT:
            return _with_end(Words(ru="в отсутствии", en="absent"), verdict.until, zone, now)
        case Reason.OFF_HOURS:
            return _with_end(Words(ru="нерабочее время", en="off hours"), verdict.until, zone, now)
        case Reason.LOST_BEFORE:
            return _with_end(
                Words(ru="уже уходило отсюда, пауза", en="lost it before, paused"), verdict.until, zone, now
            )
        case Reason.NO_SKILL | Reason.KNOWS_DESTINATION_LESS:
            names = ", ".join(verdict.missing)
            return Words(ru=f"не ведёт: {names}", en=f"does not know: {names}")
        case Reason.NO_LANGUAGE | Reason.SPEAKS_LANGUAGE_LESS:
            names = ", ".join(verdict.missing)
            return Words(ru=f"не говорит на: {names}", en=f"does not speak: {names}")
        case Reason.LOAD_CAP:
            return _load(verdict, choice)
        case Reason.MORE_LOADED:
            load = _load(verdict, choice)
            return Words(ru=f"{load.ru}, у выбранного меньше", en=f"{load.en}, the chosen one has fewer")
        case Reason.HOURLY_CAP:
            given = counted(verdict.given_lately, ("передача", "передачи", "передач"), "transfer")
            return Words(ru=f"уже {given.ru} за час", en=f"{given.en} within the hour already")
        case Reason.LATER_IN_TURN:
            return _turn(verdict, zone, now)
        case _:
            return _state(verdict.candidate, now)


def _chosen(verdict: Verdict, choice: Choice, now: datetime) -> Words:
    state, load, better = _state(verdict.candidate, now), _load(verdict, choice), _BETTER[choice.strategy]
    parts_ru, parts_en = [state.ru, load.ru], [state.en, load.en]
    if verdict.candidate.talked_at is not None:
        parts_ru.append("знает клиента")
        parts_en.append("knows the client")
    return Words(ru=", ".join([*parts_ru, better.ru]), en=", ".join([*parts_en, better.en]))


def _state(candidate: Candidate, now: datetime) -> Words:
    if candidate.state is AgentState.PAUSED:
        span = span_in_words(now - candidate.state_since)
        return Words(ru=f"на паузе {span.ru}", en=f"paused for {span.en}")
    return _STATES[candidate.state]


def _load(verdict: Verdict, choice: Choice) -> Words:
    number, cap = verdict.candidate.active_clients, choice.limits.load_cap
    clients = plural_ru(number, "клиент", "клиента", "клиентов")
    return Words(ru=f"{number} {clients} из {cap}", en=f"{number} of {cap} clients")


def _turn(verdict: Verdict, zone: ZoneInfo, now: datetime) -> Words:
    if verdict.last_given_at is None:
        return Words(ru="очередь не подошла", en="not their turn yet")
    last = moment_in_words(verdict.last_given_at, zone, now=now)
    return Words(
        ru=f"очередь не подошла, последняя передача {last.ru}", en=f"not their turn yet, the last was {last.en}"
    )


def _with_end(what: Words, until: datetime | None, zone: ZoneInfo, now: datetime) -> Words:
    if until is None:
        return what
    end = moment_in_words(until, zone, now=now)
    return Words(ru=f"{what.ru} до {end.ru}", en=f"{what.en} until {end.en}")
