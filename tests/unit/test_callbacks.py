"""When a promise is late, what it is judged under, and which talk keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.callbacks import (
    CallbackPolicy,
    Contact,
    DueTimeRejected,
    OwedCallback,
    PolicyUnknown,
    check_due,
    chosen,
    lateness,
    terms,
    which_is_kept,
)
from tests.builders import NOON, after

TEN_MINUTES = timedelta(minutes=10)
THREE_DAYS = timedelta(hours=72)

STRICT = CallbackPolicy(name="strict-10m", grace=TEN_MINUTES, moves=True, takeover_after=None)
SOFT = CallbackPolicy(name="soft-72h", grace=THREE_DAYS, moves=False, takeover_after=THREE_DAYS)
BOTH = {policy.name: policy for policy in (STRICT, SOFT)}

CALL = UUID(int=1)
EARLIER_CALL = UUID(int=2)


def owed(number: int = 1, **what: datetime | UUID | None) -> OwedCallback:
    """Promised yesterday in an earlier call, for noon."""
    given = {
        "due_at": NOON,
        "promised_at": NOON - timedelta(days=1),
        "promised_in": EARLIER_CALL,
        "kept_in": None,
    }
    return OwedCallback(id=UUID(int=100 + number), **(given | what))  # type: ignore[arg-type]


def talk(at: datetime = NOON) -> Contact:
    return Contact(interaction_id=CALL, begun_at=at, answered_at=at)


@pytest.mark.parametrize(
    ("due_at", "kept"),
    [
        (NOON - timedelta(days=30), True),  # a tail is kept too, however long
        (NOON - timedelta(minutes=1), True),
        (NOON, True),
        (NOON + timedelta(hours=1), True),  # earlier than promised is better than promised
        (NOON + timedelta(hours=24), True),
        (NOON + timedelta(hours=24, seconds=1), False),  # this talk was about something else
        (NOON + timedelta(days=30), False),
    ],
)
def test_a_talk_keeps_a_promise_that_is_late_or_due_within_a_day(due_at: datetime, kept: bool) -> None:
    promise = owed(due_at=due_at)

    assert which_is_kept([promise], talk(NOON)) == (promise if kept else None)


def test_a_talk_keeps_the_promise_that_was_due_first_and_only_that() -> None:
    late, due, tomorrow = owed(1, due_at=after(-3600)), owed(2, due_at=NOON), owed(3, due_at=after(86_400))

    assert which_is_kept([tomorrow, late, due], talk()) == late


def test_a_promise_given_in_this_very_talk_is_not_kept_by_it() -> None:
    promise = owed(promised_in=CALL, promised_at=after(60), due_at=after(3600))

    assert which_is_kept([promise], talk(NOON)) is None


def test_a_promise_written_down_while_they_talk_is_not_kept_by_that_talk() -> None:
    promise = owed(promised_in=None, promised_at=after(60), due_at=after(3600))

    assert which_is_kept([promise], talk(NOON)) is None


def test_the_same_talk_told_twice_keeps_nothing_more() -> None:
    kept, next_one = owed(1, kept_in=CALL), owed(2)

    assert which_is_kept([kept, next_one], talk()) is None


def test_a_promise_kept_by_another_talk_is_done_with() -> None:
    assert which_is_kept([owed(kept_in=EARLIER_CALL)], talk()) is None


@pytest.mark.parametrize(
    ("channel", "via", "kept"),
    [
        ("call", "call", True),
        ("call", "email", True),  # a talk is more than was promised
        ("call", "meeting", True),
        ("email", "email", True),
        ("email", "call", False),
        ("email", "telegram", False),
    ],
)
def test_a_talk_keeps_a_promise_of_any_kind_and_a_message_its_own(channel: str, via: str, kept: bool) -> None:
    promise = replace(owed(), via=via)

    assert which_is_kept([promise], replace(talk(), channel=channel)) == (promise if kept else None)


def test_nothing_owed_nothing_kept() -> None:
    assert which_is_kept([], talk()) is None


@given(
    st.lists(
        st.builds(
            owed,
            st.integers(min_value=1, max_value=50),
            due_at=st.integers(-200_000, 200_000).map(after),
            promised_at=st.integers(-400_000, 400_000).map(after),
            promised_in=st.sampled_from([None, CALL, EARLIER_CALL]),
            kept_in=st.sampled_from([None, None, CALL, EARLIER_CALL]),
        ),
        max_size=6,
    )
)
def test_what_is_kept_was_owed_and_promised_before_and_told_again_changes_nothing(promises: list[OwedCallback]) -> None:
    kept = which_is_kept(promises, talk())

    if kept is not None:
        assert kept in promises
        assert kept.kept_in is None
        assert kept.promised_in != CALL
        assert kept.promised_at < NOON
        after_that = [*(p for p in promises if p != kept), owed(99, kept_in=CALL)]
        assert which_is_kept(after_that, talk()) is None


def test_by_default_both_rules_stand_and_the_strict_one_moves() -> None:
    agreed = terms(NOON, chosen(BOTH, None))

    assert agreed.policy == "strict-10m"
    assert agreed.policies == ("strict-10m", "soft-72h")
    assert agreed.escalate_at == NOON + TEN_MINUTES
    assert agreed.takeover_at == NOON + THREE_DAYS


def test_a_promise_under_the_soft_rule_alone_never_moves_by_itself() -> None:
    agreed = terms(NOON, chosen(BOTH, "soft-72h"))

    assert agreed.policy is None
    assert agreed.policies == ("soft-72h",)
    assert agreed.escalate_at is None
    assert agreed.takeover_at == NOON + THREE_DAYS


def test_the_rule_that_was_asked_for_takes_the_place_of_the_one_that_moves() -> None:
    vip = CallbackPolicy(name="vip-3m", grace=timedelta(minutes=3), moves=True, takeover_after=None)

    agreed = terms(NOON, chosen(BOTH | {"vip-3m": vip}, "vip-3m"))

    assert agreed.policies == ("vip-3m", "soft-72h")
    assert agreed.escalate_at == NOON + timedelta(minutes=3)


def test_a_rule_nobody_knows_is_refused() -> None:
    with pytest.raises(PolicyUnknown):
        chosen(BOTH, "strict-5m")


def test_without_any_rule_a_promise_is_still_a_promise() -> None:
    agreed = terms(NOON, [])

    assert (agreed.policy, agreed.policies, agreed.escalate_at, agreed.takeover_at) == (None, (), None, None)


def test_who_receives_a_late_promise_has_the_whole_grace() -> None:
    agreed = terms(NOON, [STRICT, SOFT], grace_from=after(3600))

    assert agreed.escalate_at == after(3600) + TEN_MINUTES
    assert agreed.takeover_at == NOON + THREE_DAYS  # the client's patience did not begin anew


def test_who_receives_a_promise_in_time_owes_it_when_it_is_due() -> None:
    assert terms(NOON, [STRICT], grace_from=after(-3600)).escalate_at == NOON + TEN_MINUTES


@pytest.mark.parametrize(
    ("team", "service_class", "concerned"),
    [("sales", "A", True), ("hotline", "A", False), ("sales", "B", False), (None, None, False)],
)
def test_a_rule_for_a_team_and_a_class_concerns_only_them(
    team: str | None, service_class: str | None, concerned: bool
) -> None:
    rule = CallbackPolicy(
        name="sales-a", grace=TEN_MINUTES, moves=True, takeover_after=None, team="sales", service_class="A"
    )

    assert rule.concerns(team=team, service_class=service_class) is concerned
    assert STRICT.concerns(team=team, service_class=service_class)


@pytest.mark.parametrize("due_at", [after(-300), NOON, after(1), NOON + timedelta(days=5 * 365)])
def test_a_moment_to_come_or_just_past_may_be_promised(due_at: datetime) -> None:
    check_due(due_at, NOON)


@pytest.mark.parametrize("due_at", [after(-301), NOON - timedelta(days=400), NOON + timedelta(days=5 * 366 + 1)])
def test_a_moment_long_past_or_years_away_is_a_slip_of_the_hand(due_at: datetime) -> None:
    with pytest.raises(DueTimeRejected):
        check_due(due_at, NOON)


def test_lateness_begins_after_the_deadline() -> None:
    assert lateness(NOON, NOON) is None
    assert lateness(NOON, after(-1)) is None
    assert lateness(NOON, after(90)) == timedelta(seconds=90)
