"""Before a rule is saved: what cannot be is refused at its field, what is odd is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.distribution import Strategy
from crm_core.domain.policies import Action, Policy, PolicyMovesAtOnce, PolicyNeverEnds
from crm_core.domain.policy_warnings import (
    ConcernedTeam,
    LeadStateUnknown,
    PolicyFacts,
    TeamUnknown,
    consider,
)
from crm_core.domain.working_time import ALL_DAY, CLOSED, Calendar, CalendarHasNoHours
from tests.builders import NOON

MINUTE = timedelta(minutes=1)
OURS = Policy(name="ours", version=1, action=Action.MOVE, grace=10 * MINUTE, max_moves=2, team="sales")
NEVER_OPEN = Calendar(zone=ZoneInfo("Asia/Almaty"), week=(CLOSED,) * 7)
ALWAYS_OPEN = Calendar(zone=ZoneInfo("Asia/Almaty"), week=(ALL_DAY,) * 7)


def facts(
    *,
    members: int = 5,
    strategy: Strategy = Strategy.TEAM,
    calendar: Calendar | None = None,
    class_is_used: bool = True,
) -> PolicyFacts:
    team = ConcernedTeam(name="sales", members=members, strategy=strategy, calendar=calendar)
    return PolicyFacts(at=NOON, teams=(team,), class_is_used=class_is_used)


def codes(policy: Policy, known: PolicyFacts) -> list[tuple[str, str]]:
    return [(warning.code, warning.field) for warning in consider(policy, known)]


def test_a_sensible_rule_is_odd_in_nothing() -> None:
    assert codes(OURS, facts()) == []
    assert codes(replace(OURS, working_time=True), facts(calendar=ALWAYS_OPEN)) == []


@pytest.mark.parametrize(
    ("policy", "refusal", "field"),
    [
        (replace(OURS, max_moves=None), PolicyNeverEnds, "max_moves"),
        (replace(OURS, grace=timedelta()), PolicyMovesAtOnce, "grace_s"),
        (replace(OURS, lead_state="warm"), LeadStateUnknown, "lead_state"),
        (replace(OURS, working_time=True), CalendarHasNoHours, "working_time"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(policy: Policy, refusal: type[Exception], field: str) -> None:
    with pytest.raises(refusal) as refused:
        consider(policy, facts(calendar=NEVER_OPEN))

    assert refused.value.fields["field"] == field


def test_a_rule_of_a_team_that_is_not_there_is_refused() -> None:
    nowhere = PolicyFacts(at=NOON, teams=(), class_is_used=True)

    with pytest.raises(TeamUnknown):
        consider(OURS, nowhere)
    assert consider(replace(OURS, team=None), nowhere) == ()


def test_a_rule_that_would_do_little_may_be_and_is_told_of() -> None:
    alone, nobody = facts(members=1), facts(members=0)

    assert codes(OURS, nobody) == [("team_empty", "team")]
    assert codes(OURS, alone) == [("nobody_else", "team")]
    assert codes(OURS, facts(members=1, strategy=Strategy.LEAST_LOADED)) == []
    assert codes(replace(OURS, working_time=True), facts()) == [("always_open", "working_time")]
    assert codes(replace(OURS, service_class="Z"), facts(class_is_used=False)) == [("class_unused", "service_class")]
    assert codes(replace(OURS, grace=30 * timedelta(seconds=1)), facts()) == [("grace_short", "grace_s")]


def test_a_warning_speaks_both_languages() -> None:
    [warning] = consider(replace(OURS, grace=timedelta(seconds=30)), facts())

    assert warning.words.ru == "За 30 секунд не успеть даже набрать номер."
    assert warning.words.en == "In 30 seconds nobody can even dial."
