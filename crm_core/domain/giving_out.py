"""One choice after the other among the same people, each as ``choose_agent`` would make it.

Most of what somebody is judged by is the same for all promises that ask the
same. So everybody is judged once for what is asked, and anew only after being
given something. For one promise alone only those are judged to whom it is not
like the others: who has it, who lost it, who has talked with its client.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from crm_core.domain.distribution import (
    Candidate,
    Choice,
    Limits,
    Need,
    Ranks,
    Reason,
    Strategy,
    Verdict,
    by_name,
    criteria_of,
    judge,
    passed_over_for,
    ranks,
)


class GivingOut:
    """Everybody who might be given something, until the end of a batch; ``given``: what the engine gave them lately."""

    def __init__(self, people: Iterable[Candidate], given: Mapping[UUID, Iterable[datetime]]) -> None:
        self.people = {one.agent_id: one for one in people}
        self.given = {agent_id: sorted(moments) for agent_id, moments in given.items()}
        self._lines: dict[tuple[object, ...], _Line] = {}  # by what is asked

    def choose(
        self,
        need: Need,
        strategy: Strategy,
        *,
        limits: Limits,
        lost: Mapping[UUID, datetime],
        talked: Mapping[UUID, datetime],
    ) -> Choice:
        """Who shall have it. ``lost``: who lost this very thing, when last; ``talked``: with its client."""
        asked = (need.at, need.team_id, need.only, need.skills, need.languages, need.destination, strategy, limits)
        line = self._lines.get(asked)
        if line is None:
            alike = replace(need, from_agent_id=None, cooldown=timedelta())
            line = self._lines[asked] = _Line(alike, strategy, limits, self.people, self.given)
        return line.choose(need, lost, talked)

    def note_given(self, agent_id: UUID, at: datetime) -> None:
        """They hold one more, and it was their turn."""
        person = self.people[agent_id]
        self.people[agent_id] = replace(person, active_clients=person.active_clients + 1)
        insort(self.given.setdefault(agent_id, []), at)
        for line in self._lines.values():
            line.changed.add(agent_id)


def as_asked(person: Candidate, languages: Sequence[str], talked_at: datetime | None) -> Candidate:
    """As they stand to a client; whose languages nobody has asked for yet is not passed over for them."""
    if talked_at is None and (person.languages or not languages):
        return person
    return replace(person, languages=person.languages or frozenset(languages), talked_at=talked_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """One person before something that is asked; ``passed_over``: what was said of them, by the criterion."""

    ranks: Ranks  # empty: they may not have it
    name: tuple[str, int]
    verdict: Verdict
    passed_over: dict[int, Verdict] = field(default_factory=dict)


_RANKS, _NAME = attrgetter("ranks"), attrgetter("name")


def _first(criteria: int) -> Callable[[_Standing], Ranks]:
    return lambda one: one.ranks[:criteria]


class _Line:
    """Everybody in the order in which they would get what is asked; ``changed``: to be judged anew before that."""

    def __init__(
        self,
        need: Need,
        strategy: Strategy,
        limits: Limits,
        people: Mapping[UUID, Candidate],
        given: Mapping[UUID, list[datetime]],
    ) -> None:
        self.changed: set[UUID] = set()
        self._need = need
        self._strategy = strategy
        self._limits = limits
        self._criteria = criteria_of(strategy)
        self._people = people
        self._given = given
        self._standings: dict[UUID, _Standing] = {}
        self._eligible: list[_Standing] = []
        self._refused: list[_Standing] = []
        self._had_it: dict[UUID, _Standing] = {}
        for agent_id in people:
            self._enter(agent_id)

    def choose(self, need: Need, lost: Mapping[UUID, datetime], talked: Mapping[UUID, datetime]) -> Choice:
        self._refresh()
        eligible, refused = self._eligible, self._refused
        apart = self._people.keys() & {need.from_agent_id, *lost, *talked}
        if apart:
            eligible, refused = eligible.copy(), refused.copy()
            for agent_id in apart:
                _take_out(self._standings[agent_id], eligible, refused)
                _put(self._apart(agent_id, need, lost, talked), eligible, refused)
        verdicts = (*self._compared(eligible), *[one.verdict for one in refused])
        return Choice(strategy=self._strategy, limits=self._limits, verdicts=verdicts)

    def _apart(
        self, agent_id: UUID, need: Need, lost: Mapping[UUID, datetime], talked: Mapping[UUID, datetime]
    ) -> _Standing:
        """One to whom this promise is not like the others; most often only because it is being taken from them."""
        if agent_id in lost or agent_id in talked:
            return self._stand(agent_id, need, lost, talked.get(agent_id))
        known = self._had_it.get(agent_id)
        if known is None:
            known = self._had_it[agent_id] = self._stand(agent_id, need, {}, None)
        return known

    def _compared(self, eligible: list[_Standing]) -> list[Verdict]:
        """The chosen one and the next best: who was worse in the last criterion only stands before all others."""
        if not eligible:
            return []
        best = eligible[0].ranks
        verdicts, begins = [eligible[0].verdict], 1
        for criterion in range(len(best) - 1, -1, -1):
            if begins == len(eligible):
                break
            ends = bisect_right(eligible, best[:criterion], begins, key=_first(criterion))
            verdicts += [
                one.passed_over.get(criterion) or self._pass_over(one, criterion) for one in eligible[begins:ends]
            ]
            begins = ends
        return verdicts

    def _pass_over(self, standing: _Standing, criterion: int) -> Verdict:
        verdict = passed_over_for(self._criteria[criterion], standing.verdict, self._need)
        return standing.passed_over.setdefault(criterion, verdict)

    def _refresh(self) -> None:
        for agent_id in self.changed:
            _take_out(self._standings[agent_id], self._eligible, self._refused)
            self._enter(agent_id)
            self._had_it.pop(agent_id, None)
        self.changed.clear()

    def _enter(self, agent_id: UUID) -> None:
        standing = self._standings[agent_id] = self._stand(agent_id, self._need, {}, None)
        _put(standing, self._eligible, self._refused)

    def _stand(
        self, agent_id: UUID, need: Need, lost: Mapping[UUID, datetime], talked_at: datetime | None
    ) -> _Standing:
        person = as_asked(self._people[agent_id], need.languages, talked_at)
        given = self._given.get(agent_id, ())
        verdict = judge(person, need, self._strategy, self._limits, lost.get(agent_id), given)
        may_have_it = verdict.reason is Reason.CHOSEN
        return _Standing(
            ranks=ranks(verdict, need, self._strategy) if may_have_it else (),
            name=by_name(verdict),
            verdict=verdict,
        )


def _put(standing: _Standing, eligible: list[_Standing], refused: list[_Standing]) -> None:
    if standing.ranks:
        insort(eligible, standing, key=_RANKS)
    else:
        insort(refused, standing, key=_NAME)


def _take_out(standing: _Standing, eligible: list[_Standing], refused: list[_Standing]) -> None:
    """No two people have the same ranks, or the same name and id."""
    if standing.ranks:
        del eligible[bisect_left(eligible, standing.ranks, key=_RANKS)]
    else:
        del refused[bisect_left(refused, standing.name, key=_NAME)]
