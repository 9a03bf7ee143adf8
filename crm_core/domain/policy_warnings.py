"""What to say of a rule before it is saved: what cannot be is refused, what is only odd is told.

A rule may be right and still do nothing: its team has nobody yet, or no hours.
That is the editor's to know and to allow, because people come later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core.domain.distribution import Strategy
from crm_core.domain.leads import LeadStage
from crm_core.domain.policies import Action, Policy, PolicyRejected, check_policy
from crm_core.domain.words import Words, span_in_words
from crm_core.domain.working_time import Calendar, CalendarHasNoHours, next_opening

#: Nobody dials sooner.
SHORT_GRACE = timedelta(minutes=1)


class TeamUnknown(PolicyRejected):
    """There is no such team."""

    code = "team_unknown"


class LeadStateUnknown(PolicyRejected):
    """A lead is never in this state."""

    code = "lead_state_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernedTeam:
    """A team whose promises a rule is about."""

    name: str
    members: int  # who may be given work
    strategy: Strategy
    calendar: Calendar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """What a rule is judged by beside itself."""

    at: datetime
    teams: Sequence[ConcernedTeam]  # those it concerns
    class_is_used: bool  # some client is of its service class, or it names none


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWarning:
    """Something odd about a rule that may be."""

    code: str
    field: str  # of the contract
    words: Words


def consider(policy: Policy, facts: PolicyFacts) -> tuple[PolicyWarning, ...]:
    """What is odd about the rule.

    Raises:
        PolicyRejected: it cannot be, in itself or in this company.
        CalendarHasNoHours: it counts working hours of a team that has none, so its time would never end.
    """
    check_policy(policy)
    if policy.team is not None and not facts.teams:
        raise TeamUnknown(field="team", team=policy.team)
    if policy.lead_state is not None and policy.lead_state not in set(LeadStage):
        raise LeadStateUnknown(field="lead_state", known=list(LeadStage))
    if policy.working_time:
        _check_hours(facts)
    return tuple(_warnings(policy, facts))


def _check_hours(facts: PolicyFacts) -> None:
    for team in facts.teams:
        try:
            next_opening(team.calendar, facts.at)
        except CalendarHasNoHours as error:
            raise CalendarHasNoHours(
                f"The calendar of team {team.name} has no working hours, so this time would never end.",
                field="working_time",
                team=team.name,
            ) from error


def _warnings(policy: Policy, facts: PolicyFacts) -> Iterator[PolicyWarning]:
    if policy.team is not None:
        for team in facts.teams:
            yield from _of_team(policy, team)
    if not facts.class_is_used:
        yield _warning(
            "class_unused",
            "service_class",
            ru=f"Клиентов класса {policy.service_class} пока нет.",
            en=f"No client is of class {policy.service_class} yet.",
        )
    if policy.action is Action.MOVE and policy.grace < SHORT_GRACE:
        late = span_in_words(policy.grace)
        yield _warning(
            "grace_short",
            "grace_s",
            ru=f"За {late.ru} не успеть даже набрать номер.",
            en=f"In {late.en} nobody can even dial.",
        )


def _of_team(policy: Policy, team: ConcernedTeam) -> Iterator[PolicyWarning]:
    if team.members == 0:
        yield _warning(
            "team_empty",
            "team",
            ru=f"В команде «{team.name}» пока никого нет.",
            en=f"There is nobody in team “{team.name}” yet.",
        )
    elif team.members == 1 and policy.action is Action.MOVE and team.strategy is Strategy.TEAM:
        yield _warning(
            "nobody_else",
            "team",
            ru=f"В команде «{team.name}» один человек: передать обещание будет некому, узнает руководитель.",
            en=f"There is one person in team “{team.name}”: nobody else could get the promise, the supervisor is told.",
        )
    if policy.working_time and team.calendar is None:
        yield _warning(
            "always_open",
            "working_time",
            ru=f"У команды «{team.name}» нет рабочих часов: пока считаются все часы.",
            en=f"Team “{team.name}” has no working hours set: for now all hours count.",
        )


def _warning(code: str, field: str, *, ru: str, en: str) -> PolicyWarning:
    return PolicyWarning(code=code, field=field, words=Words(ru=ru, en=en))
