"""Who could have been given work at a moment of the past."""

from __future__ import annotations

from datetime import time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Candidate, Strategy
from crm_core.domain.past_floor import LoggedState, PastFloor, PastLoad, PastPerson
from crm_core.domain.people import AgentState
from crm_core.domain.working_time import CLOSED, Calendar, Span
from tests.builders import NOON

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SALES, HOTLINE = UUID(int=10), UUID(int=11)
ANNA, BORIS = UUID(int=1), UUID(int=2)


def logged(after: timedelta, state: AgentState = AgentState.AVAILABLE, *, present: bool = True) -> LoggedState:
    return LoggedState(at=NOON + after, state=state, present=present)


def person(agent_id: UUID = ANNA, *states: LoggedState, **what: object) -> PastPerson:
    given: dict[str, object] = {"agent_id": agent_id, "name": "x", "team_id": SALES, "states": states}
    return PastPerson(**(given | what))  # type: ignore[arg-type]


def floor(*people: PastPerson) -> PastFloor:
    return PastFloor(people, NOON - 24 * HOUR, NOON + 24 * HOUR)


def there(on: PastFloor, after: timedelta, strategy: Strategy = Strategy.LEAST_LOADED) -> list[Candidate]:
    return on.candidates(NOON + after, team_id=SALES, strategy=strategy)


def test_before_the_first_word_of_the_log_a_person_was_away() -> None:
    on = floor(person(ANNA, logged(HOUR), logged(2 * HOUR, AgentState.OFFLINE, present=False)))

    assert there(on, 59 * MINUTE) == []
    assert [one.agent_id for one in there(on, HOUR)] == [ANNA]
    assert there(on, 2 * HOUR) == []


def test_a_pause_is_as_long_as_it_has_lasted_whatever_else_changed() -> None:
    paused = AgentState.PAUSED
    on = floor(person(ANNA, logged(MINUTE, paused), logged(5 * MINUTE, paused), logged(9 * MINUTE)))

    assert [one.state_since for one in there(on, 8 * MINUTE)] == [NOON + MINUTE]
    assert [one.state_since for one in there(on, 10 * MINUTE)] == [NOON + 9 * MINUTE]


def test_who_was_on_leave_or_outside_their_hours_was_not_there() -> None:
    mornings = Calendar(zone=ZoneInfo("UTC"), week=((Span(opens=time(9), closes=time(12)),),) * 7)
    always = logged(-20 * HOUR)

    def seen(one: PastPerson, at_hour: int) -> bool:
        return bool(there(floor(one), (at_hour - 12) * HOUR))

    by_hours = person(ANNA, always, calendar=mornings)
    assert [seen(by_hours, hour) for hour in (8, 9, 11, 12)] == [False, True, True, False]
    ill = person(ANNA, always, away=[(NOON, NOON + HOUR)])
    assert [seen(ill, hour) for hour in (11, 12, 13)] == [True, False, True]
    gone = person(ANNA, always, away=[(NOON, None)])
    assert seen(gone, 20) is False
    never = person(ANNA, always, calendar=Calendar(zone=ZoneInfo("UTC"), week=(CLOSED,) * 7))
    assert seen(never, 10) is False


def test_only_its_own_people_are_asked_where_a_team_keeps_its_promises() -> None:
    on = floor(person(ANNA, logged(-HOUR)), person(BORIS, logged(-HOUR), team_id=HOTLINE))

    assert [one.agent_id for one in there(on, HOUR, Strategy.TEAM)] == [ANNA]
    assert [one.agent_id for one in there(on, HOUR, Strategy.ROUND_ROBIN)] == [ANNA, BORIS]


def test_the_load_is_that_of_the_moment() -> None:
    load = PastLoad(at_first=3, begun=[NOON + HOUR, NOON + 2 * HOUR], ended=[NOON + 90 * MINUTE])
    on = floor(person(ANNA, logged(-HOUR), load=load))

    assert [there(on, minutes * MINUTE)[0].active_clients for minutes in (0, 60, 90, 120)] == [3, 4, 3, 4]
    [one] = on.candidates(NOON, team_id=SALES, strategy=Strategy.TEAM, more={ANNA: -5})
    assert one.active_clients == 0


def test_somebody_comes_when_they_can_be_given_work_or_their_day_begins() -> None:
    comes = person(
        ANNA, logged(HOUR), logged(2 * HOUR, AgentState.PAUSED), logged(3 * HOUR), logged(4 * HOUR, AgentState.TALKING)
    )

    assert floor(comes, person(BORIS, logged(90 * MINUTE))).arrivals == [
        NOON + HOUR,
        NOON + 90 * MINUTE,
        NOON + 3 * HOUR,
    ]


def test_who_talked_with_the_client_last_is_known_by_then() -> None:
    on = floor(person(ANNA, logged(-HOUR)))
    talked = {ANNA: [NOON, NOON + 2 * HOUR]}

    [one] = on.candidates(NOON + HOUR, team_id=SALES, strategy=Strategy.BEST_FIT, talked=talked)

    assert one.talked_at == NOON
