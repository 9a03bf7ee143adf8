"""What the watchdog does next: never early, never while somebody calls, never for what was not their fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.attempts import Attempt, KeptByTrying, TryAgain, after_attempt
from crm_core.domain.callbacks import LateBy
from crm_core.domain.calls import Outcome
from crm_core.domain.outages import Gap, late_by, lost_spans, time_lost
from crm_core.domain.policies import Action, Moments, Policy, Rules, moments
from crm_core.domain.watching import (
    Claim,
    Extend,
    Hold,
    HoldReason,
    LiveCall,
    Move,
    Notify,
    NotifyReason,
    Step,
    Unlock,
    Wait,
    Warn,
    WatchedCallback,
    next_step,
)
from crm_core.domain.working_time import CLOSED, Calendar, Span, add_working_time
from tests.builders import NOON, after

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)

STRICT = Policy(name="strict-10m", version=4, action=Action.MOVE, grace=10 * MINUTE, max_moves=2)
SOFT = Policy(name="soft-72h", version=1, action=Action.UNLOCK, grace=72 * HOUR)
TELL = Policy(name="tell", version=1, action=Action.NOTIFY, grace=5 * MINUTE)

WARN_AT = NOON - 10 * MINUTE
ESCALATE_AT = NOON + 10 * MINUTE
TAKEOVER_AT = NOON + 72 * HOUR
MOMENTS = Moments(grace_from=NOON, warn_at=WARN_AT, notify_at=None, escalate_at=ESCALATE_AT, takeover_at=TAKEOVER_AT)


def promise(**what: object) -> WatchedCallback:
    """Made in the morning for noon, moved ten minutes later, the supervisor's after 72 hours; reminded of."""
    given: dict[str, object] = {
        "due_at": NOON,
        "moments": MOMENTS,
        "warned": True,
    }
    return WatchedCallback(**(given | what))  # type: ignore[arg-type]


def gap(from_minute: float, to_minute: float | None, source: str = "system") -> Gap:
    """In minutes after noon."""
    ends = None if to_minute is None else after(60 * to_minute)
    return Gap(source=source, from_at=after(60 * from_minute), to_at=ends)


def step(callback: WatchedCallback, now: datetime, *gaps: Gap, policy: Policy | None = STRICT) -> Step:
    return next_step(policy, callback, now, gaps)


def moved(
    now: datetime, *, escalate_at: datetime = ESCALATE_AT, forgiven: timedelta = timedelta(), by: LateBy = LateBy.AGENT
) -> Move:
    return Move(escalate_at=escalate_at, forgiven=forgiven, late=now - NOON, late_by=by)


def test_the_owner_is_reminded_once_and_not_before_the_time() -> None:
    unwarned = promise(warned=False)

    assert step(unwarned, WARN_AT - MILLISECOND) == Wait(until=WARN_AT)
    assert step(unwarned, WARN_AT) == Warn()
    assert step(promise(), WARN_AT) == Wait(until=ESCALATE_AT)


def test_a_promise_moves_at_its_moment_and_not_a_millisecond_before() -> None:
    assert step(promise(), ESCALATE_AT - MILLISECOND) == Wait(until=ESCALATE_AT)
    assert step(promise(), ESCALATE_AT) == moved(ESCALATE_AT)


def test_a_reminder_that_came_too_late_is_not_given_with_the_move() -> None:
    assert step(promise(warned=False), ESCALATE_AT) == moved(ESCALATE_AT)


def test_after_72_hours_the_supervisor_gets_the_right_once() -> None:
    spent = promise(moves=2, told=frozenset({NotifyReason.MOVES_SPENT}))

    assert step(spent, TAKEOVER_AT - MILLISECOND) == Wait(until=TAKEOVER_AT)
    assert step(spent, TAKEOVER_AT) == Unlock()
    assert step(replace(spent, unlocked=True), TAKEOVER_AT) == Wait(until=None)


def test_a_promise_that_nothing_moves_waits_for_its_other_moments() -> None:
    soft = promise(moments=replace(MOMENTS, warn_at=None, escalate_at=None))

    assert step(soft, NOON + HOUR, policy=None) == Wait(until=TAKEOVER_AT)


def test_the_supervisor_is_told_of_a_late_promise_once() -> None:
    both = promise(moments=moments(Rules(moving=STRICT, notifying=TELL), NOON, since=NOON - HOUR))

    assert step(both, NOON + 5 * MINUTE - MILLISECOND) == Wait(until=NOON + 5 * MINUTE)
    assert step(both, NOON + 5 * MINUTE) == Notify(reason=NotifyReason.LATE)
    assert step(replace(both, told=frozenset({NotifyReason.LATE})), NOON + 5 * MINUTE) == Wait(until=ESCALATE_AT)


def test_a_promise_that_moved_as_often_as_it_may_stays_and_the_supervisor_is_told_once() -> None:
    spent = promise(moves=2)

    assert step(spent, ESCALATE_AT) == Notify(reason=NotifyReason.MOVES_SPENT)
    assert step(replace(spent, told=frozenset({NotifyReason.MOVES_SPENT})), ESCALATE_AT) == Wait(until=TAKEOVER_AT)
    assert isinstance(step(replace(spent, moves=1), ESCALATE_AT), Move)


@pytest.mark.parametrize(
    ("call", "held"),
    [
        (LiveCall(begun_at=ESCALATE_AT, answered_at=ESCALATE_AT + MINUTE), HoldReason.TALKING),
        (
            LiveCall(begun_at=ESCALATE_AT + MINUTE, answered_at=ESCALATE_AT + MINUTE),
            HoldReason.TALKING,
        ),  # too late, but they talk
        (LiveCall(begun_at=ESCALATE_AT - HOUR), HoldReason.CALLING),
        (LiveCall(begun_at=ESCALATE_AT), HoldReason.CALLING),  # in the last moment
        (LiveCall(begun_at=ESCALATE_AT + MILLISECOND), None),
    ],
)
def test_nothing_moves_while_they_talk_or_a_call_begun_in_time_is_undecided(
    call: LiveCall, held: HoldReason | None
) -> None:
    now = ESCALATE_AT + 2 * MINUTE

    answer = step(promise(live_calls=(call,)), now)

    assert answer == (Hold(reason=held) if held else moved(now))


@pytest.mark.parametrize(
    ("claimed_at", "now", "held"),
    [
        (ESCALATE_AT - timedelta(seconds=1), ESCALATE_AT + MINUTE, True),
        (ESCALATE_AT, ESCALATE_AT + MINUTE, True),
        (ESCALATE_AT - timedelta(seconds=1), ESCALATE_AT + 3 * MINUTE, False),  # the lease is over
        (ESCALATE_AT + MINUTE, ESCALATE_AT + 2 * MINUTE, False),  # a claim does not stop a clock that has run out
    ],
)
def test_a_claim_a_second_before_the_deadline_wins_for_the_length_of_its_lease(
    claimed_at: datetime, now: datetime, held: bool
) -> None:
    claim = Claim(at=claimed_at, until=claimed_at + 2 * MINUTE)

    answer = step(promise(claim=claim), now)

    assert answer == (Hold(reason=HoldReason.CLAIMED, until=claim.until) if held else moved(now))


def test_while_nobody_else_could_be_found_a_late_call_of_the_owner_is_waited_for() -> None:
    stuck = promise(nobody_since=ESCALATE_AT)
    later = ESCALATE_AT + HOUR
    claim = Claim(at=later - MINUTE, until=later + MINUTE)

    assert step(stuck, later) == moved(later)  # tried again
    assert step(replace(stuck, claim=claim), later) == Hold(reason=HoldReason.CLAIMED, until=claim.until)
    assert step(replace(stuck, live_calls=(LiveCall(begun_at=later),)), later) == Hold(reason=HoldReason.CALLING)


@pytest.mark.parametrize(
    ("gaps", "now_minute", "escalate_minute", "forgiven_minutes"),
    [
        ([gap(5, 35)], 35, 40, 30),  # five minutes were left, five are left
        ([gap(-20, 30)], 30, 40, 30),  # due in the gap: the whole grace
        ([gap(5, 15), gap(10, 35, "main")], 35, 40, 30),  # overlapping gaps count once
        ([gap(5, None)], 35, 40, 30),  # it still lasts
        ([gap(2, 4), gap(9, 12)], 12, 15, 5),  # two short ones
        ([gap(9, 10.5)], 10.5, 11.5, 1.5),
    ],
)
def test_time_lost_in_gaps_is_given_back_before_anything_moves(
    gaps: list[Gap], now_minute: float, escalate_minute: float, forgiven_minutes: float
) -> None:
    answer = step(promise(), after(60 * now_minute), *gaps)

    assert answer == Extend(escalate_at=after(60 * escalate_minute), forgiven=timedelta(minutes=forgiven_minutes))


def test_a_promise_that_was_over_time_before_the_gap_moves_when_we_are_back() -> None:
    back = NOON + 41 * MINUTE

    assert step(promise(), back, gap(10.5, 41)) == Move(
        escalate_at=ESCALATE_AT + 30.5 * MINUTE, forgiven=30.5 * MINUTE, late=41 * MINUTE, late_by=LateBy.SYSTEM
    )


def test_what_was_given_back_once_is_not_given_back_again() -> None:
    extended = promise(
        moments=replace(MOMENTS, escalate_at=NOON + 40 * MINUTE, takeover_at=None),
        forgiven=30 * MINUTE,
    )
    in_time, over = NOON + 40 * MINUTE - MILLISECOND, NOON + 40 * MINUTE

    assert step(extended, in_time, gap(5, 35)) == Wait(until=over)
    assert step(extended, over, gap(5, 35)) == moved(over, escalate_at=over, forgiven=30 * MINUTE, by=LateBy.SYSTEM)


def test_a_second_gap_is_given_back_too() -> None:
    extended = promise(
        moments=replace(MOMENTS, escalate_at=NOON + 40 * MINUTE, takeover_at=None),
        forgiven=30 * MINUTE,
    )

    answer = step(extended, NOON + 45 * MINUTE, gap(5, 35), gap(38, 45, "main"))

    assert answer == Extend(escalate_at=NOON + 47 * MINUTE, forgiven=37 * MINUTE)


def test_gaps_from_before_it_was_theirs_are_not_given_to_the_new_owner() -> None:
    handed = NOON + 40 * MINUTE
    theirs = promise(moments=moments(Rules(moving=STRICT), NOON, since=handed))

    now = handed + 10 * MINUTE

    assert step(theirs, now, gap(5, 35)) == Move(
        escalate_at=now, forgiven=timedelta(), late=50 * MINUTE, late_by=LateBy.SYSTEM
    )


def test_a_call_begun_in_the_time_given_back_is_in_time() -> None:
    call = LiveCall(begun_at=NOON + 38 * MINUTE)

    answer = step(promise(live_calls=(call,)), NOON + 41 * MINUTE, gap(5, 35))

    assert answer == Hold(reason=HoldReason.CALLING)


def test_in_working_time_only_the_working_part_of_a_gap_is_given_back() -> None:
    nine_to_six = (Span(opens=time(9), closes=time(18)),)
    workdays = Calendar(zone=ZoneInfo("Asia/Almaty"), week=(*[nine_to_six] * 5, CLOSED, CLOSED))  # type: ignore[arg-type]
    policy = replace(STRICT, working_time=True)
    due = datetime(2026, 11, 20, 12, 55, tzinfo=UTC)  # 17:55 on Friday
    watched = WatchedCallback(
        due_at=due, moments=moments(Rules(moving=policy), due, since=due - HOUR, calendar=workdays)
    )
    weekend = Gap(source="system", from_at=due + 2 * MINUTE, to_at=due + 48 * HOUR)
    monday_0905 = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)

    answer = next_step(policy, watched, monday_0905, [weekend], calendar=workdays)

    assert answer == Extend(escalate_at=monday_0905 + 3 * MINUTE, forgiven=3 * MINUTE)


@pytest.mark.parametrize(
    ("at_minute", "gaps", "whose"),
    [
        (0, [], None),
        (-5, [gap(-10, 0)], None),
        (12, [], LateBy.AGENT),
        (37, [gap(5, 35)], LateBy.SYSTEM),
        (180, [gap(5, 35)], LateBy.AGENT),  # half an hour of three is no excuse
        (60, [gap(0, 30)], LateBy.SYSTEM),
    ],
)
def test_whose_lateness_it_was(at_minute: float, gaps: list[Gap], whose: LateBy | None) -> None:
    assert late_by(NOON, after(60 * at_minute), gaps) is whose


def test_gaps_that_meet_are_one() -> None:
    spans = lost_spans([gap(5, 10), gap(0, 5), gap(20, None), gap(12, 12)], after(-60), after(1500))

    assert spans == [(NOON, after(600)), (after(1200), after(1500))]


RANG_OUT = Attempt(begun_at=NOON, ended_at=NOON + MINUTE, outcome=Outcome.NO_ANSWER)
THREE_TRIES = replace(STRICT, attempts=3, retry_after=30 * MINUTE)


@pytest.mark.parametrize(
    ("attempt", "counts"),
    [
        (RANG_OUT, True),
        (replace(RANG_OUT, outcome=Outcome.BUSY, ended_at=NOON + timedelta(seconds=2)), True),
        (replace(RANG_OUT, ended_at=NOON + timedelta(seconds=14)), False),  # hung up by us at once
        (replace(RANG_OUT, dialled_at=NOON + timedelta(seconds=46)), False),  # it was the manager's phone that rang
        (replace(RANG_OUT, outcome=Outcome.FAILED), False),  # our trunk, not the client
        (replace(RANG_OUT, begun_at=ESCALATE_AT + MILLISECOND, ended_at=ESCALATE_AT + MINUTE), False),
    ],
)
def test_a_genuine_try_in_time_begins_the_clock_anew(attempt: Attempt, counts: bool) -> None:
    again = NOON + 30 * MINUTE + (attempt.ended_at - NOON)

    answer = after_attempt(THREE_TRIES, [attempt], escalate_at=ESCALATE_AT)

    assert answer == (TryAgain(grace_from=again, escalate_at=again + 10 * MINUTE) if counts else None)


def test_after_as_many_tries_as_the_policy_asks_the_promise_is_kept() -> None:
    tries = [replace(RANG_OUT, begun_at=NOON + n * HOUR, ended_at=NOON + n * HOUR + MINUTE) for n in range(3)]

    assert after_attempt(THREE_TRIES, tries, escalate_at=tries[-1].begun_at) == KeptByTrying(at=NOON + 2 * HOUR)
    assert isinstance(after_attempt(THREE_TRIES, tries[:2], escalate_at=tries[-1].begun_at), TryAgain)
    assert after_attempt(STRICT, tries, escalate_at=tries[-1].begun_at) is None  # here only a talk keeps it


def test_a_deadline_does_not_come_nearer_by_trying_early() -> None:
    early = replace(RANG_OUT, begun_at=NOON - 5 * HOUR, ended_at=NOON - 5 * HOUR + MINUTE)

    answer = after_attempt(THREE_TRIES, [early], escalate_at=ESCALATE_AT)

    assert isinstance(answer, TryAgain)
    assert answer.escalate_at == ESCALATE_AT


minutes = st.integers(-60, 240)
some_gaps = st.lists(
    st.tuples(minutes, st.integers(0, 60)).map(lambda gap_: gap(gap_[0], gap_[0] + gap_[1])), max_size=5
)
calls = st.lists(
    st.tuples(minutes, st.booleans()).map(
        lambda call: LiveCall(begun_at=after(60 * call[0]), answered_at=after(60 * call[0]) if call[1] else None)
    ),
    max_size=2,
).map(tuple)


@given(some_gaps, calls, minutes, st.integers(0, 3))
def test_whatever_happens_a_move_is_never_early_and_never_under_a_talk(
    gaps: list[Gap], live: tuple[LiveCall, ...], minute: int, moves: int
) -> None:
    now = after(60 * minute)
    callback = promise(live_calls=live, moves=moves)

    answer = step(callback, now, *gaps)

    if isinstance(answer, Move):
        assert answer.escalate_at <= now
        assert now - NOON - time_lost(gaps, NOON, now) >= STRICT.grace
        assert not any(call.answered_at or call.begun_at <= ESCALATE_AT for call in live)
        assert moves < 2


@given(some_gaps, st.lists(minutes, min_size=1, max_size=30))
def test_looked_at_ever_so_often_it_moves_after_the_grace_and_all_gaps_and_only_once(
    gaps: list[Gap], looks: list[int]
) -> None:
    callback = promise()

    for minute in sorted(looks):
        now = after(60 * minute)
        known = [one for one in gaps if one.from_at <= now]
        answer = step(callback, now, *known)
        if isinstance(answer, Extend):
            assert answer.escalate_at > now
            callback = replace(
                callback,
                moments=replace(callback.moments, escalate_at=answer.escalate_at),
                forgiven=answer.forgiven,
            )
            assert isinstance(step(callback, now, *known), Wait)  # stored, there is nothing more to do
        if isinstance(answer, Move):
            assert answer.escalate_at == add_working_time(None, ESCALATE_AT, time_lost(known, NOON, now))
            return
