"""What the old owner, the new owner and the supervisor read about a move, and what is stored of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from crm_core.domain.callbacks import LateBy
from crm_core.domain.distribution import Candidate, History, Limits, Need, Strategy, choose_agent
from crm_core.domain.explanations import MoveStory, move_record, move_sentence, nobody_record, tell_verdicts
from crm_core.domain.giving_out import GivingOut
from crm_core.domain.outages import Gap
from crm_core.domain.people import AgentState
from crm_core.domain.policies import Action, Policy
from crm_core.domain.rosters import Roster, read_verdicts
from crm_core.domain.watching import Move
from crm_core.domain.words import Words
from crm_core.store.database import to_json
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
ALMATY = ZoneInfo("Asia/Almaty")

RUSLAN, DINARA, TIMUR = (UUID(int=number) for number in (1, 2, 3))
STRICT = Policy(name="strict-10m", version=4, action=Action.MOVE, grace=10 * MINUTE, max_moves=2)


def person(agent_id: UUID, name: str, state: AgentState = AgentState.AVAILABLE, clients: int = 47) -> Candidate:
    return Candidate(
        agent_id=agent_id,
        name=name,
        present=True,
        state=state,
        state_since=NOON - 39 * MINUTE,
        active_clients=clients,
    )


PEOPLE = [
    person(RUSLAN, "Руслан Каримов"),
    person(DINARA, "Динара Абенова"),
    person(TIMUR, "Тимур Садыков", AgentState.PAUSED),
]


def story(people: list[Candidate] = PEOPLE) -> MoveStory:
    """Promised in the morning for 16:50 in Almaty; ten minutes later nobody had called."""
    due_at = NOON - 10 * MINUTE
    return MoveStory(
        at=NOON,
        policy=STRICT,
        promised_at=NOON - timedelta(hours=4),
        due_at=due_at,
        grace_from=due_at,
        warned_at=due_at - 10 * MINUTE,
        move=Move(escalate_at=NOON, forgiven=timedelta(), late=10 * MINUTE, late_by=LateBy.AGENT),
        gaps=(),
        from_agent_id=RUSLAN,
        from_name="Руслан Каримов",
        choice=choose_agent(people, Need(at=NOON, from_agent_id=RUSLAN), Strategy.LEAST_LOADED, History()),
    )


def test_one_sentence_says_when_to_whom_and_why_on_the_companys_clock() -> None:
    assert move_sentence(story(), ALMATY) == Words(
        ru="В 17:00 обещание перешло (Руслан Каримов → Динара Абенова): срок был 16:50, опоздание на 10 минут, "
        "правило «strict-10m»; Динара Абенова: на линии, 47 клиентов из 60, свободнее других.",
        en="At 17:00 the promise moved (Руслан Каримов → Динара Абенова): it was due at 16:50 and is 10 minutes late, "
        "rule “strict-10m”; Динара Абенова: available, 47 of 60 clients, the least loaded.",
    )


def test_when_nobody_may_have_it_the_sentence_says_who_decides() -> None:
    nobody = story([PEOPLE[0], PEOPLE[2]])

    assert move_sentence(nobody, ALMATY) == Words(
        ru="В 17:00 обещание осталось у прежнего менеджера (Руслан Каримов): срок был 16:50, опоздание на 10 минут, "
        "правило «strict-10m», но передать его некому; решает руководитель.",
        en="At 17:00 the promise stayed where it was (Руслан Каримов): it was due at 16:50 and is 10 minutes late, "
        "rule “strict-10m”, but nobody could take it; the supervisor decides.",
    )
    assert nobody_record(nobody.choice) == {"had_it": ["Руслан Каримов"], "paused": ["Тимур Садыков"]}


def test_an_outage_is_named_as_the_cause_or_as_not_counted() -> None:
    ours = replace(story(), move=replace(story().move, forgiven=7 * MINUTE, late_by=LateBy.SYSTEM))
    theirs = replace(story(), move=replace(story().move, forgiven=MINUTE))

    assert "опоздание на 10 минут из-за перерыва связи на 7 минут," in move_sentence(ours, ALMATY).ru
    assert "is 10 minutes late because of an outage of 7 minutes," in move_sentence(ours, ALMATY).en
    assert "опоздание на 10 минут (перерыв связи на 1 минуту не в счёт)," in move_sentence(theirs, ALMATY).ru
    assert "is 10 minutes late (an outage of 1 minute does not count)," in move_sentence(theirs, ALMATY).en


def test_a_deadline_of_another_day_is_told_with_its_day() -> None:
    old = replace(story(), due_at=NOON - timedelta(days=3), move=replace(story().move, late=timedelta(days=3)))

    assert "срок был 18 ноября 17:00, опоздание на 72 часа" in move_sentence(old, ALMATY).ru


def test_the_record_holds_the_rule_every_clock_and_everybody_who_was_asked() -> None:
    outage = Gap(source="system", from_at=NOON - 30 * MINUTE, to_at=NOON - 8 * MINUTE)
    roster = Roster(NOON)

    record = stored(move_record(replace(story(), gaps=(outage,)), ALMATY, roster))

    assert record["schema"] == 2
    assert (record["policy"]["name"], record["policy"]["version"]) == ("strict-10m", 4)
    assert record["clocks"] == {
        "promised_at": "2026-11-21T08:00:00+00:00",
        "due_at": "2026-11-21T11:50:00+00:00",
        "grace_from": "2026-11-21T11:50:00+00:00",
        "warned_at": "2026-11-21T11:40:00+00:00",
        "escalate_at": "2026-11-21T12:00:00+00:00",
        "at": "2026-11-21T12:00:00+00:00",
        "late_s": 600.0,
        "late_by": "agent",
        "forgiven_s": 0.0,
        "gaps": [{"from": "2026-11-21T11:50:00+00:00", "to": "2026-11-21T11:52:00+00:00"}],
    }
    assert (record["from_agent_id"], record["to_agent_id"]) == (str(RUSLAN), str(DINARA))
    verdicts = read_verdicts(stored(roster.people), stored(roster.verdicts), record["answers"])
    assert [
        (one.verdict.candidate.name, one.verdict.reason, one.words.ru) for one in tell_verdicts(record, verdicts)
    ] == [
        ("Динара Абенова", "chosen", "на линии, 47 клиентов из 60, свободнее других"),
        ("Руслан Каримов", "had_it", "было здесь"),
        ("Тимур Садыков", "paused", "на паузе 39 минут"),
    ]


def test_promises_of_one_batch_share_the_answers_they_have_in_common() -> None:
    limits, need = Limits(hourly_cap=1), Need(at=NOON, skills=frozenset({"visas"}))
    people = [replace(one, skills=frozenset({"visas"})) for one in PEOPLE[:2]] + [PEOPLE[2]]
    giving = GivingOut(people, {DINARA: [NOON - 5 * MINUTE]})
    roster = Roster(NOON)

    choices, answers = [], []
    for talked in ({}, {}, {RUSLAN: NOON - timedelta(days=1)}):
        choice = giving.choose(need, Strategy.LEAST_LOADED, limits=limits, lost={}, talked=talked)
        choices.append(choice)
        answers.append(roster.answers_of(choice))
    assert choices[0].chosen is not None

    assert answers[0] == answers[1] != answers[2]
    assert len(roster.people) == 3
    assert len(roster.verdicts) == 4
    for choice, numbers in zip(choices, answers, strict=True):
        assert read_verdicts(stored(roster.people), stored(roster.verdicts), numbers) == tuple(
            replace(one, candidate=replace(one.candidate, skills=frozenset())) for one in choice.verdicts
        )


def stored(value: Any) -> Any:
    """As it comes back from the database."""
    return orjson.loads(to_json(value))
