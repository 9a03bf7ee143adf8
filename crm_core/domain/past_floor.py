"""Who could have been given work at a moment of the past, as the log of states tells it.

Whoever may not have it at all at that moment (away, offline, outside their
hours, of another team) is left out here: of the past only the choice is told,
not why each of the others was passed over. Before the first word of the log
about a person, that person was away.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from crm_core.domain.distribution import Candidate, Strategy
from crm_core.domain.people import AgentState
from crm_core.domain.working_time import Calendar, open_times

_NEVER_ENDS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedState:
    """From this moment on."""

    at: datetime
    state: AgentState
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLoad:
    """How many clients a person had: at the beginning, and when one came or went since."""

    at_first: int = 0
    begun: Sequence[datetime] = ()
    ended: Sequence[datetime] = ()

    def at(self, moment: datetime) -> int:
        return max(self.at_first + bisect_right(self.begun, moment) - bisect_right(self.ended, moment), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPerson:
    """Somebody who works here, with all that is known of that time; what they can do is as it is today."""

    agent_id: UUID
    name: str
    team_id: UUID | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    states: Sequence[LoggedState] = ()  # in order
    away: Sequence[tuple[datetime, datetime | None]] = ()  # absences that were written down
    calendar: Calendar | None = None
    load: PastLoad = field(default_factory=PastLoad)


class PastFloor:
    """The people of a time, asked moment by moment."""

    def __init__(self, people: Iterable[PastPerson], since: datetime, until: datetime) -> None:
        hours: dict[int, _Times | None] = {}  # many share one calendar
        self._people = []
        for person in people:
            calendar = person.calendar
            if id(calendar) not in hours:
                hours[id(calendar)] = _Times(open_times(calendar, since, until)) if calendar else None
            self._people.append(_Person(person, hours[id(calendar)]))
        self._of_team: defaultdict[UUID | None, list[_Person]] = defaultdict(list)
        for one in self._people:
            self._of_team[one.who.team_id].append(one)

    @property
    def arrivals(self) -> list[datetime]:
        """When somebody came who may be given work, in order."""
        return list(heapq.merge(*(person.arrivals for person in self._people)))

    def candidates(
        self,
        at: datetime,
        *,
        team_id: UUID | None,
        strategy: Strategy,
        languages: Sequence[str] = (),
        talked: Mapping[UUID, Sequence[datetime]] | None = None,
        more: Mapping[UUID, int] | None = None,
    ) -> list[Candidate]:
        """Who was there.

        ``talked``: when each had talked with this very client. ``more``: clients they have beside those of
        the log.
        """
        found = []
        for person in self._of_team.get(team_id, ()) if strategy is Strategy.TEAM else self._people:
            logged = person.logged(at)
            if logged is not None:
                spoke = talked.get(person.who.agent_id, ()) if talked else ()
                extra = more.get(person.who.agent_id, 0) if more else 0
                found.append(person.candidate(at, logged, languages, spoke, extra))
        return found


class _Times:
    """Spans in order that do not overlap."""

    def __init__(self, spans: Iterable[tuple[datetime, datetime | None]]) -> None:
        known = list(spans)
        self.begins = [begins for begins, _ in known]
        self._ends = [ends or _NEVER_ENDS for _, ends in known]

    def hold(self, at: datetime) -> bool:
        place = bisect_right(self.begins, at) - 1
        return place >= 0 and at < self._ends[place]


class _Person:
    def __init__(self, who: PastPerson, hours: _Times | None) -> None:
        self.who = who
        self._hours = hours
        self._changed = [logged.at for logged in who.states]
        self._runs: list[datetime] = []  # since when each logged state had lasted
        self.arrivals: list[datetime] = list(hours.begins) if hours else []
        before: LoggedState | None = None
        for logged in who.states:
            is_same = before is not None and before.state is logged.state
            self._runs.append(self._runs[-1] if is_same else logged.at)
            if _works(logged) and not (before and _works(before)):
                self.arrivals.append(logged.at)
            before = logged
        self.arrivals.sort()

    def logged(self, at: datetime) -> tuple[LoggedState, datetime] | None:
        """Their state and since when, if they could be given work."""
        place = bisect_right(self._changed, at) - 1
        if place < 0:
            return None
        logged = self.who.states[place]
        if not logged.present or logged.state is AgentState.OFFLINE:
            return None
        if self._hours is not None and not self._hours.hold(at):
            return None
        if any(since <= at and (until is None or at < until) for since, until in self.who.away):
            return None
        return logged, self._runs[place]

    def candidate(
        self,
        at: datetime,
        logged: tuple[LoggedState, datetime],
        languages: Sequence[str],
        talked: Sequence[datetime],
        more: int,
    ) -> Candidate:
        who, (state, since) = self.who, logged
        place = bisect_right(talked, at) - 1
        return Candidate(
            agent_id=who.agent_id,
            name=who.name,
            present=True,
            state=state.state,
            state_since=since,
            team_id=who.team_id,
            skills=who.skills,
            # Who was never asked is taken to speak with everybody.
            languages=who.languages or frozenset(languages),
            active_clients=max(who.load.at(at) + more, 0),
            talked_at=talked[place] if place >= 0 else None,
        )


def _works(logged: LoggedState) -> bool:
    return logged.present and logged.state not in {AgentState.OFFLINE, AgentState.PAUSED}
