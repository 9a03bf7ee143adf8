"""What managers and their supervisor read about a lead that was given out, went on, or waits."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Candidate, Choice, History, Need, Strategy, choose_agent
from crm_core.domain.lead_explanations import FromOwner, LeadStory, explain_lead
from crm_core.domain.people import AgentState
from crm_core.domain.words import Words
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
ALMATY = ZoneInfo("Asia/Almaty")


def choice(state: AgentState = AgentState.AVAILABLE) -> Choice:
    dinara = Candidate(
        agent_id=UUID(int=2),
        name="Динара Абенова",
        present=True,
        state=state,
        state_since=NOON - 39 * MINUTE,
        active_clients=47,
    )
    return choose_agent([dinara], Need(at=NOON), Strategy.LEAST_LOADED, History())


LOST = FromOwner(name="Руслан Каримов", accept_by=NOON - MINUTE, moves=1, max_moves=5)


def test_a_first_giving_out_says_to_whom_why_and_until_when() -> None:
    story = LeadStory(at=NOON, created_at=NOON, choice=choice(), accept_by=NOON + 5 * MINUTE)

    assert explain_lead(story, ALMATY).sentence == Words(
        ru="В 17:00 лид отдан (Динара Абенова): на линии, 47 клиентов из 60, свободнее других; принять до 17:05.",
        en="At 17:00 the lead was given (Динара Абенова): available, 47 of 60 clients, "
        "the least loaded; to be accepted by 17:05.",
    )


def test_a_lead_that_waited_says_how_long() -> None:
    story = LeadStory(
        at=NOON,
        created_at=NOON - 12 * MINUTE,
        nobody_since=NOON - 12 * MINUTE,
        choice=choice(),
        accept_by=NOON + 5 * MINUTE,
    )

    assert (
        "лид отдан (Динара Абенова): ждал 12 минут, не было никого; на линии" in explain_lead(story, ALMATY).sentence.ru
    )


def test_a_lead_that_was_not_accepted_says_from_whom_to_whom() -> None:
    story = LeadStory(at=NOON, created_at=NOON - 6 * MINUTE, lost=LOST, choice=choice(), accept_by=NOON + 5 * MINUTE)

    sentence = explain_lead(story, ALMATY).sentence
    assert sentence.ru.startswith(
        "В 17:00 лид перешёл (Руслан Каримов → Динара Абенова): не принят до 16:59; Динара Абенова: на линии,"
    )
    assert sentence.en.startswith(
        "At 17:00 the lead went on (Руслан Каримов → Динара Абенова): not accepted by 16:59; Динара Абенова: available,"
    )


def test_a_lead_for_which_there_is_nobody_says_who_decides() -> None:
    fresh = LeadStory(at=NOON, created_at=NOON, choice=choice(AgentState.OFFLINE))
    lost = LeadStory(at=NOON, created_at=NOON, lost=LOST, choice=choice(AgentState.OFFLINE))
    spent = LeadStory(at=NOON, created_at=NOON, lost=LOST)

    assert [explain_lead(story, ALMATY).sentence.ru for story in (fresh, lost, spent)] == [
        "В 17:00 лид остался без менеджера: отдать его некому; решает руководитель.",
        "В 17:00 лид остался без менеджера: не принят до 16:59 (Руслан Каримов), отдать его некому; "
        "решает руководитель.",
        "В 17:00 лид остался без менеджера: не принят до 16:59 (Руслан Каримов), 1 передача из 5; решает руководитель.",
    ]
    assert explain_lead(spent, ALMATY).sentence.en == (
        "At 17:00 the lead was left with nobody: not accepted by 16:59 (Руслан Каримов), 1 transfer of 5; "
        "the supervisor decides."
    )


def test_the_record_holds_every_clock_and_everybody_who_was_asked() -> None:
    story = LeadStory(at=NOON, created_at=NOON - MINUTE, lost=LOST, choice=choice(), accept_by=NOON + 5 * MINUTE)

    record = json.loads(json.dumps(dict(explain_lead(story, ALMATY).record)))

    assert record["clocks"] == {
        "created_at": "2026-11-21T11:59:00+00:00",
        "nobody_since": None,
        "not_accepted_by": "2026-11-21T11:59:00+00:00",
        "at": "2026-11-21T12:00:00+00:00",
        "accept_by": "2026-11-21T12:05:00+00:00",
    }
    [dinara] = record["candidates"]
    assert (dinara["name"], dinara["reason"]) == ("Динара Абенова", "chosen")
    assert record["to_agent_id"] == str(UUID(int=2))
