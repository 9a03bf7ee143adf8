"""Who is owed a call back, by whom, and how the rule is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.missed_calls import (
    Because,
    Candidate,
    Debt,
    MissedRule,
    MissedTries,
    Taker,
    explained,
    makes_callback,
    taker,
    taker_of_request,
    was_missed,
)
from tests.builders import NOON

ALMATY = ZoneInfo("Asia/Almaty")
ANNA, BORIS, CLARA = UUID(int=1), UUID(int=2), UUID(int=3)


def at_work(person: UUID) -> Candidate:
    return Candidate(agent_id=person, enabled=True, away=False)


def away(person: UUID) -> Candidate:
    return Candidate(agent_id=person, enabled=True, away=True)


def gone(person: UUID) -> Candidate:
    return Candidate(agent_id=person, enabled=False, away=False)


@pytest.mark.parametrize(
    ("direction", "outcome", "missed"),
    [
        ("inbound", "abandoned", True),
        ("inbound", "short_abandoned", True),
        ("inbound", "no_answer", True),
        ("inbound", "busy", True),
        ("inbound", "voicemail", True),
        ("inbound", "answered", False),
        ("inbound", "failed", False),
        ("inbound", None, False),
        ("outbound", "no_answer", False),
        ("internal", "no_answer", False),
    ],
)
def test_a_call_is_missed_when_a_caller_was_not_heard(direction: str, outcome: str | None, missed: bool) -> None:
    assert was_missed(direction, outcome) is missed


@pytest.mark.parametrize(
    ("rule", "outcome", "owed"),
    [
        (MissedRule(), "abandoned", True),
        (MissedRule(), "voicemail", True),
        (MissedRule(), "short_abandoned", False),
        (MissedRule(short_too=True), "short_abandoned", True),
        (MissedRule(makes_callback=False), "abandoned", False),
        (MissedRule(makes_callback=False, short_too=True), "short_abandoned", False),
    ],
)
def test_the_queue_says_whether_it_owes_a_call(rule: MissedRule, outcome: str, owed: bool) -> None:
    assert makes_callback(outcome, rule) is owed


@pytest.mark.parametrize(
    ("manager", "last_talked", "rang", "queue", "because", "agent", "passed_over"),
    [
        (at_work(ANNA), at_work(BORIS), at_work(CLARA), "sales", Because.MANAGER, ANNA, False),
        (away(ANNA), at_work(BORIS), None, "sales", Because.LAST_TALKED, BORIS, True),
        (gone(ANNA), away(BORIS), None, "sales", Because.QUEUE, None, True),
        (None, at_work(BORIS), None, "sales", Because.LAST_TALKED, BORIS, False),
        (None, gone(BORIS), at_work(CLARA), "sales", Because.QUEUE, None, False),
        (None, None, None, "sales", Because.QUEUE, None, False),
        (None, None, at_work(CLARA), None, Because.RANG, CLARA, False),
        (None, None, away(CLARA), None, Because.RANG, CLARA, False),  # there is nobody else: it waits for them
        (None, None, gone(CLARA), None, None, None, False),
        (None, None, None, None, None, None, False),
    ],
)
def test_the_manager_then_who_last_talked_then_the_queue(
    manager: Candidate | None,
    last_talked: Candidate | None,
    rang: Candidate | None,
    queue: str | None,
    because: Because | None,
    agent: UUID | None,
    passed_over: bool,
) -> None:
    who = taker(manager=manager, last_talked=last_talked, rang=rang, queue=queue)

    if because is None:
        assert who is None
    else:
        assert who is not None
        assert (who.because, who.agent_id, who.manager_passed_over) == (because, agent, passed_over)
        assert who.queue == (queue if because is Because.QUEUE else None)


def test_the_rule_is_told_in_both_languages_at_the_companys_time() -> None:
    tries = MissedTries(
        count=1, last_at=NOON, wait_s=41.7, queue="sales", queue_titles={"ru": "Продажи", "en": "Sales"}
    )

    told = explained(Debt(who=Taker(because=Because.MANAGER, agent_id=ANNA), tries=tries), ALMATY)

    assert told == {
        "en": "Missed call 17:00, queue Sales, waited 0:41. Yours because you are the client's manager.",
        "ru": "Пропущенный звонок в 17:00, очередь «Продажи», ожидание 0:41. Перезваниваете вы: это ваш клиент.",
    }


def test_more_tries_and_an_absent_manager_are_told_as_well() -> None:
    tries = MissedTries(count=3, last_at=NOON + timedelta(minutes=12), wait_s=125, queue="night")
    who = Taker(because=Because.QUEUE, queue="sales", queue_titles={"en": "Sales"}, manager_passed_over=True)

    told = explained(Debt(who=who, tries=tries), ALMATY)["en"]

    assert told == (
        "Missed call, tries: 3, the last 17:12, queue night, waited 2:05. The client's manager is away. "
        "Open to everybody of the queue Sales: the first to take it calls."
    )


def test_a_call_outside_of_any_queue_names_none() -> None:
    tries = MissedTries(count=1, last_at=NOON, wait_s=None)

    told = explained(Debt(who=Taker(because=Because.RANG), tries=tries), ALMATY)

    assert told["en"] == "Missed call 17:00. Yours because your phone was called."


def test_what_was_asked_in_the_menu_is_told_first_and_who_was_asked_for() -> None:
    who = Taker(because=Because.ASKED_FOR, agent_id=ANNA)
    tries = MissedTries(count=1, last_at=NOON, wait_s=10)

    asked = explained(Debt(who=who, asked_at=NOON), ALMATY)
    and_missed = explained(Debt(who=who, asked_at=NOON, tries=tries), ALMATY)

    assert asked == {
        "en": "The client asked in the menu at 17:00 to be called back. Yours because the client asked for you.",
        "ru": "В 17:00 клиент попросил в меню перезвонить. Перезваниваете вы: клиент просил именно вас.",
    }
    assert " Missed call 17:00, waited 0:10. Yours" in and_missed["en"]


@pytest.mark.parametrize(
    ("given", "because", "agent"),
    [
        ({"asked_for": at_work(CLARA), "manager": at_work(ANNA), "queue": "sales"}, Because.ASKED_FOR, CLARA),
        ({"asked_for": away(CLARA), "manager": at_work(ANNA), "queue": "sales"}, Because.MANAGER, ANNA),
        ({"manager": gone(ANNA), "last_talked": at_work(BORIS)}, Because.LAST_TALKED, BORIS),
        ({"queue": "sales"}, Because.QUEUE, None),
        ({"manager": away(ANNA)}, Because.SUPERVISOR, CLARA),
        ({}, Because.SUPERVISOR, CLARA),
    ],
)
def test_a_request_always_finds_somebody(given: dict[str, Any], because: Because, agent: UUID | None) -> None:
    nobody = {"asked_for": None, "manager": None, "last_talked": None, "queue": None}

    who = taker_of_request(**nobody | given, supervisor=CLARA)

    assert who is not None
    assert (who.because, who.agent_id) == (because, agent)


def test_in_an_empty_house_nobody_can_be_asked() -> None:
    assert taker_of_request(asked_for=None, manager=None, last_talked=None, queue=None, supervisor=None) is None
