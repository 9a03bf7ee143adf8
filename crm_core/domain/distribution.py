"""Who gets it: one choice for promises that move and for leads that are new.

First everybody is asked whether they may have it; then those who may are
compared, criterion by criterion, in the order of the strategy. The last
criterion is the id, so the same question always has the same answer. Everybody
passed over has a reason: the rule that shut them out, or the first criterion in
which the chosen one was better.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from uuid import UUID

from crm_core.domain.people import AgentState
from crm_core.domain.working_time import Calendar, CalendarHasNoHours, next_opening

_HOUR = timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Strategy(StrEnum):
    """In which order those who may have it are preferred; who can call now always goes first."""

    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"
    BEST_FIT = "best_fit"
    TEAM = "team"  # only the team's own people, the least loaded of them


class Reason(StrEnum):
    """Why somebody was chosen or passed over."""

    CHOSEN = "chosen"
    # They may not have it:
    HAD_IT = "had_it"  # it is being taken from them
    ABSENT = "absent"
    OFFLINE = "offline"
    OFF_HOURS = "off_hours"
    PAUSED = "paused"
    OTHER_TEAM = "other_team"
    OTHER_QUEUE = "other_queue"
    NO_SKILL = "no_skill"
    NO_LANGUAGE = "no_language"
    LOST_BEFORE = "lost_before"  # within the cool-down
    LOAD_CAP = "load_cap"
    HOURLY_CAP = "hourly_cap"
    # They may, and another was better:
    BUSY = "busy"
    KNOWS_CLIENT_LESS = "knows_client_less"
    KNOWS_DESTINATION_LESS = "knows_destination_less"
    SPEAKS_LANGUAGE_LESS = "speaks_language_less"
    MORE_LOADED = "more_loaded"
    LATER_IN_TURN = "later_in_turn"
    TIE = "tie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one person is given; the company's to set."""

    load_cap: int = 60  # active clients: a person holds no more in the head
    load_warning: int = 50
    hourly_cap: int = 10  # given by the engine within any hour
    long_pause: timedelta = timedelta(minutes=10)


USUAL_LIMITS = Limits()
#: An hourly cap nobody reaches.
UNCAPPED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who might have it, as they are now."""

    agent_id: UUID
    name: str
    present: bool
    state: AgentState
    state_since: datetime
    team_id: UUID | None = None
    absent: bool = False  # on holiday, ill: written down, not guessed
    absent_until: datetime | None = None
    calendar: Calendar | None = None  # their own hours, else their team's; None: always
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    active_clients: int = 0
    talked_at: datetime | None = None  # last, with this very client


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What the promise or lead asks of its next owner."""

    at: datetime
    from_agent_id: UUID | None = None  # who has it now and shall not keep it
    team_id: UUID | None = None
    only: frozenset[UUID] = frozenset()  # of these people, when there are any
    skills: frozenset[str] = frozenset()  # all of them
    languages: tuple[str, ...] = ()  # any of them, the client's own first
    destination: str | None = None  # a skill that is welcome
    cooldown: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is remembered between choices."""

    lost: Mapping[UUID, datetime] = field(default_factory=dict)  # who lost this very lead, when last
    given: Mapping[UUID, Sequence[datetime]] = field(
        default_factory=dict
    )  # what the engine gave whom: last, and lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why this person was chosen or passed over, with the values it was judged by."""

    candidate: Candidate
    reason: Reason
    until: datetime | None = None  # when this reason goes away by itself
    missing: tuple[str, ...] = ()  # the skills or languages they do not have
    given_lately: int = 0
    last_given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets it, or that nobody may, and why; the chosen first, then the next best."""

    strategy: Strategy
    limits: Limits
    verdicts: tuple[Verdict, ...]

    @property
    def chosen(self) -> Candidate | None:
        """None: nobody is eligible, the supervisor must know."""
        first = self.verdicts[0] if self.verdicts else None
        return first.candidate if first is not None and first.reason is Reason.CHOSEN else None

    @property
    def try_again_at(self) -> datetime | None:
        """When somebody becomes eligible by the clock alone, if nobody is; whoever comes online is sooner."""
        if self.chosen is not None:
            return None
        return min((verdict.until for verdict in self.verdicts if verdict.until is not None), default=None)

    @property
    def near_cap(self) -> bool:
        """Does the chosen one hold so many clients that the supervisor should know."""
        return self.chosen is not None and self.chosen.active_clients + 1 >= self.limits.load_warning


def choose_agent(
    candidates: Iterable[Candidate],
    need: Need,
    strategy: Strategy,
    history: History,
    *,
    limits: Limits = USUAL_LIMITS,
) -> Choice:
    """Who shall have it."""
    asked = [_judge_from(history, candidate, need, strategy, limits) for candidate in candidates]
    eligible = sorted(
        ((ranks(verdict, need, strategy), verdict) for verdict in asked if verdict.reason is Reason.CHOSEN),
        key=itemgetter(0),  # the last criterion is never a tie
    )
    refused = sorted((verdict for verdict in asked if verdict.reason is not Reason.CHOSEN), key=by_name)
    chosen = [verdict for _, verdict in eligible[:1]]
    passed_over = [
        passed_over_for(worse(eligible[0][0], theirs, strategy), verdict, need) for theirs, verdict in eligible[1:]
    ]
    return Choice(strategy=strategy, limits=limits, verdicts=(*chosen, *passed_over, *refused))


def by_name(verdict: Verdict) -> tuple[str, int]:
    """The order in which those are told who may not have it."""
    return verdict.candidate.name, verdict.candidate.agent_id.int


def _judge_from(history: History, candidate: Candidate, need: Need, strategy: Strategy, limits: Limits) -> Verdict:
    lost_at = history.lost.get(candidate.agent_id)
    return judge(candidate, need, strategy, limits, lost_at, sorted(history.given.get(candidate.agent_id, ())))


def judge(
    candidate: Candidate,
    need: Need,
    strategy: Strategy,
    limits: Limits,
    lost_at: datetime | None,
    given: Sequence[datetime],
) -> Verdict:
    """May they have it; ``CHOSEN`` stands for yes until they are compared. ``given``: them, in order."""
    lately = given[bisect_right(given, need.at - _HOUR) :]
    refusal = (
        _is_away(candidate, need, limits)
        or _is_no_match(candidate, need, strategy)
        or _has_enough(candidate, need, lost_at, limits, lately)
    )
    reason, until, missing = refusal or (Reason.CHOSEN, None, ())
    return Verdict(
        candidate=candidate,
        reason=reason,
        until=until,
        missing=missing,
        given_lately=len(lately),
        last_given_at=given[-1] if given else None,
    )


_Refusal = tuple[Reason, datetime | None, tuple[str, ...]]


def _is_away(candidate: Candidate, need: Need, limits: Limits) -> _Refusal | None:
    if candidate.agent_id == need.from_agent_id:
        return Reason.HAD_IT, None, ()
    if candidate.absent:
        return Reason.ABSENT, candidate.absent_until, ()
    if not candidate.present or candidate.state is AgentState.OFFLINE:
        return Reason.OFFLINE, None, ()
    try:
        opens_at = next_opening(candidate.calendar, need.at)
    except CalendarHasNoHours:
        return Reason.OFF_HOURS, None, ()
    if opens_at > need.at:
        return Reason.OFF_HOURS, opens_at, ()
    if candidate.state is AgentState.PAUSED and need.at - candidate.state_since > limits.long_pause:
        return Reason.PAUSED, None, ()
    return None


def _is_no_match(candidate: Candidate, need: Need, strategy: Strategy) -> _Refusal | None:
    if strategy is Strategy.TEAM and candidate.team_id != need.team_id:
        return Reason.OTHER_TEAM, None, ()
    if need.only and candidate.agent_id not in need.only:
        return Reason.OTHER_QUEUE, None, ()
    if need.skills - candidate.skills:
        return Reason.NO_SKILL, None, tuple(sorted(need.skills - candidate.skills))
    if need.languages and candidate.languages.isdisjoint(need.languages):
        return Reason.NO_LANGUAGE, None, need.languages
    return None


def _has_enough(
    candidate: Candidate, need: Need, lost_at: datetime | None, limits: Limits, lately: Sequence[datetime]
) -> _Refusal | None:
    if lost_at is not None and need.at < lost_at + need.cooldown:
        return Reason.LOST_BEFORE, lost_at + need.cooldown, ()
    if candidate.active_clients >= limits.load_cap:
        return Reason.LOAD_CAP, None, ()
    if len(lately) >= limits.hourly_cap:
        return Reason.HOURLY_CAP, lately[-limits.hourly_cap] + _HOUR, ()
    return None


def passed_over_for(reason: Reason, verdict: Verdict, need: Need) -> Verdict:
    """The same verdict, with the first criterion in which the chosen one was better."""
    return Verdict(
        candidate=verdict.candidate,
        reason=reason,
        missing=_missing(reason, need),
        given_lately=verdict.given_lately,
        last_given_at=verdict.last_given_at,
    )


def _missing(reason: Reason, need: Need) -> tuple[str, ...]:
    if reason is Reason.KNOWS_DESTINATION_LESS and need.destination is not None:
        return (need.destination,)
    return need.languages[:1] if reason is Reason.SPEAKS_LANGUAGE_LESS else ()


_READINESS = {AgentState.AVAILABLE: 0, AgentState.WRAP_UP: 1, AgentState.RINGING: 2, AgentState.PAUSED: 4}
_IN_A_CALL = 3


def _busy(verdict: Verdict, _: Need) -> int:
    return _READINESS.get(verdict.candidate.state, _IN_A_CALL)


def _load(verdict: Verdict, _: Need) -> int:
    return verdict.candidate.active_clients


def _turn(verdict: Verdict, _: Need) -> int:
    """Who was given nothing for the longest time goes first."""
    return _microseconds(verdict.last_given_at)


def _client(verdict: Verdict, _: Need) -> int:
    return -_microseconds(verdict.candidate.talked_at)


def _destination(verdict: Verdict, need: Need) -> int:
    return need.destination is not None and need.destination not in verdict.candidate.skills


def _language(verdict: Verdict, need: Need) -> int:
    return bool(need.languages) and need.languages[0] not in verdict.candidate.languages


def _microseconds(at: datetime | None) -> int:
    return ((at or _NEVER) - _NEVER) // timedelta(microseconds=1)


def _order(verdict: Verdict, _: Need) -> int:
    return verdict.candidate.agent_id.int


_Criterion = tuple[Reason, Callable[[Verdict, Need], int]]
_BY_LOAD: tuple[_Criterion, ...] = (
    (Reason.BUSY, _busy),
    (Reason.MORE_LOADED, _load),
    (Reason.LATER_IN_TURN, _turn),
    (Reason.TIE, _order),
)
_CRITERIA: Mapping[Strategy, tuple[_Criterion, ...]] = {
    Strategy.LEAST_LOADED: _BY_LOAD,
    Strategy.TEAM: _BY_LOAD,
    Strategy.ROUND_ROBIN: (
        (Reason.BUSY, _busy),
        (Reason.LATER_IN_TURN, _turn),
        (Reason.MORE_LOADED, _load),
        (Reason.TIE, _order),
    ),
    Strategy.BEST_FIT: (
        (Reason.BUSY, _busy),
        (Reason.KNOWS_CLIENT_LESS, _client),
        (Reason.KNOWS_DESTINATION_LESS, _destination),
        (Reason.SPEAKS_LANGUAGE_LESS, _language),
        *_BY_LOAD[1:],
    ),
}


#: By which eligible people are sorted: the number of each criterion, the best first.
Ranks = tuple[int, ...]


def ranks(verdict: Verdict, need: Need, strategy: Strategy) -> Ranks:
    """How they stand in each criterion of the strategy; no two people have the same."""
    return tuple([rank(verdict, need) for _, rank in _CRITERIA[strategy]])


def criteria_of(strategy: Strategy) -> tuple[Reason, ...]:
    """What is said of who was worse in each criterion, in the order of ``ranks``."""
    return tuple(reason for reason, _ in _CRITERIA[strategy])


def worse(best: Ranks, theirs: Ranks, strategy: Strategy) -> Reason:
    """The first criterion in which the chosen one was better."""
    return next(
        reason for (reason, _), chosen, other in zip(_CRITERIA[strategy], best, theirs, strict=True) if chosen != other
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A promise or lead nobody could be found for yet."""

    id: UUID
    since: datetime  # when the client began to wait
    weight: int = 1  # a client of weight 3 waits three times as fast


#: How many times as fast a client of this class waits; the others: once.
WEIGHTS = {"A": 3, "B": 2}


def weight_of(service_class: str | None) -> int:
    """How fast a client of this class waits."""
    return WEIGHTS.get(service_class or "", 1)


def in_line(waiting: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """Oldest and most valuable first; whoever waits long enough comes before anybody."""
    return sorted(waiting, key=lambda one: (-(now - one.since).total_seconds() * one.weight, one.since, one.id))
