"""When a lead goes on to the next, and when it is left where it is."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.lead_watching import (
    LOOK_AGAIN,
    Extend,
    GiveOut,
    LeadTerms,
    LeaveToSupervisor,
    Wait,
    WatchedLead,
    accept_by,
    next_lead_step,
)
from crm_core.domain.outages import Gap
from crm_core.domain.working_time import Calendar, Span
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
ANNA = UUID(int=1)
TERMS = LeadTerms(accept_within=5 * MINUTE, max_moves=2)


def lead(**more: object) -> WatchedLead:
    """Given to Anna at noon, to be accepted within five minutes."""
    given_: dict[str, object] = {"owner_id": ANNA, "given_at": NOON, "accept_by": NOON + 5 * MINUTE}
    return WatchedLead(**given_ | more)  # type: ignore[arg-type]


def outage(begins: timedelta, ends: timedelta) -> Gap:
    return Gap(source="system", from_at=NOON + begins, to_at=NOON + ends)


def test_a_lead_of_nobody_is_given_out_at_once() -> None:
    assert next_lead_step(WatchedLead(), TERMS, NOON, []) == GiveOut()


def test_it_goes_on_at_its_moment_and_not_a_millisecond_earlier() -> None:
    due = NOON + 5 * MINUTE

    assert next_lead_step(lead(), TERMS, due - timedelta(milliseconds=1), []) == Wait(until=due)
    assert next_lead_step(lead(), TERMS, due, []) == GiveOut(from_agent_id=ANNA)


def test_our_own_absence_is_given_back() -> None:
    away = outage(MINUTE, 4 * MINUTE)

    step = next_lead_step(lead(), TERMS, NOON + 6 * MINUTE, [away])

    assert step == Extend(accept_by=NOON + 8 * MINUTE, forgiven=3 * MINUTE)
    later = lead(accept_by=NOON + 8 * MINUTE)
    assert next_lead_step(later, TERMS, NOON + 8 * MINUTE, [away]) == GiveOut(from_agent_id=ANNA)


def test_nobody_loses_the_client_they_are_speaking_with() -> None:
    now = NOON + 6 * MINUTE

    assert next_lead_step(lead(in_call=True), TERMS, now, []) == Wait(until=now + LOOK_AGAIN)


def test_what_went_on_too_often_is_the_supervisors() -> None:
    spent = next_lead_step(lead(moves=2), TERMS, NOON + 6 * MINUTE, [])

    assert spent == LeaveToSupervisor(from_agent_id=ANNA)
    never = LeadTerms(accept_within=5 * MINUTE, max_moves=0)
    assert next_lead_step(lead(), never, NOON + 6 * MINUTE, []) == LeaveToSupervisor(from_agent_id=ANNA)


def test_the_time_to_accept_runs_while_its_owner_works() -> None:
    office = (Span(opens=time(9), closes=time(18)),)
    calendar = Calendar(zone=ZoneInfo("Asia/Almaty"), week=(office,) * 7)
    nearly_six = datetime(2026, 11, 20, 17, 58, tzinfo=ZoneInfo("Asia/Almaty"))

    until = accept_by(LeadTerms(accept_within=5 * MINUTE, calendar=calendar), nearly_six)

    assert until == datetime(2026, 11, 21, 9, 3, tzinfo=ZoneInfo("Asia/Almaty"))


def test_a_calendar_without_hours_stops_no_clock() -> None:
    closed = Calendar(zone=ZoneInfo("Asia/Almaty"), week=((),) * 7)

    assert accept_by(LeadTerms(calendar=closed), NOON) == NOON + 5 * MINUTE


SECONDS = st.integers(min_value=0, max_value=3600).map(lambda seconds: timedelta(seconds=seconds))


@given(gaps=st.lists(st.tuples(SECONDS, SECONDS), max_size=4), after=SECONDS)
def test_whoever_was_given_a_lead_has_the_whole_time_in_which_we_were_there(
    gaps: list[tuple[timedelta, timedelta]], after: timedelta
) -> None:
    ledger = [outage(min(pair), max(pair)) for pair in gaps]
    now = NOON + after

    step = next_lead_step(lead(), TERMS, now, ledger)

    there = sum(
        1
        for second in range(int(after.total_seconds()))
        if not any(gap.from_at <= NOON + timedelta(seconds=second) < (gap.to_at or now) for gap in ledger)
    )
    assert isinstance(step, GiveOut) is (there >= 300)
