"""Many choices at once are the choices that would have been made one after the other, each anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.distribution import (
    Candidate,
    History,
    Limits,
    Need,
    Reason,
    Strategy,
    choose_agent,
)
from crm_core.domain.giving_out import GivingOut
from crm_core.domain.people import AgentState
from tests.builders import NOON, after

HOUR = timedelta(hours=1)
SALES, HOTLINE = UUID(int=901), UUID(int=902)
PEOPLE = [UUID(int=number) for number in range(1, 7)]
TIGHT = Limits(load_cap=4, load_warning=3, hourly_cap=2)

ids = st.sampled_from(PEOPLE)
moments = st.integers(-5000, 0).map(after)
floors = st.lists(
    st.builds(
        Candidate,
        agent_id=ids,
        name=st.sampled_from(["Анна", "Борис"]),  # namesakes are told apart by their ids
        present=st.sampled_from([True, True, False]),
        absent=st.sampled_from([False, False, True]),
        state=st.sampled_from([AgentState.AVAILABLE, AgentState.TALKING, AgentState.PAUSED]),
        state_since=moments,
        team_id=st.sampled_from([SALES, HOTLINE]),
        skills=st.frozensets(st.sampled_from(["hainan", "visas"])),
        languages=st.frozensets(st.sampled_from(["ru", "kk"])),
        active_clients=st.integers(0, 4),
    ),
    max_size=len(PEOPLE),
    unique_by=lambda candidate: candidate.agent_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One promise that looks for somebody."""

    need: Need
    strategy: Strategy
    lost: Mapping[UUID, datetime]
    talked: Mapping[UUID, datetime]


promises = st.lists(
    st.builds(
        Asked,
        need=st.builds(
            Need,
            at=st.just(NOON),
            from_agent_id=st.none() | ids,
            team_id=st.sampled_from([SALES, HOTLINE]),
            skills=st.frozensets(st.sampled_from(["hainan", "visas"]), max_size=1),
            languages=st.sampled_from([(), ("ru",), ("kk", "ru")]),
            destination=st.sampled_from([None, "hainan"]),
            cooldown=st.sampled_from([timedelta(), HOUR]),
        ),
        strategy=st.sampled_from(Strategy),
        lost=st.dictionaries(ids, moments, max_size=2),
        talked=st.dictionaries(ids, moments, max_size=2),
    ),
    min_size=1,
    max_size=8,
)


def as_they_stand(person: Candidate, asked: Asked) -> Candidate:
    """Nobody is passed over for languages that were never asked of them."""
    languages = person.languages or frozenset(asked.need.languages)
    return replace(person, languages=languages, talked_at=asked.talked.get(person.agent_id))


@given(floors, st.dictionaries(ids, st.lists(moments, max_size=3)), promises)
def test_a_batch_gives_what_would_have_been_given_one_by_one(
    floor: list[Candidate], lately: dict[UUID, list[datetime]], batch: list[Asked]
) -> None:
    giving = GivingOut(floor, lately)
    people = {one.agent_id: one for one in floor}
    given = {agent_id: list(moments) for agent_id, moments in lately.items()}

    for asked in batch:
        choice = giving.choose(asked.need, asked.strategy, limits=TIGHT, lost=asked.lost, talked=asked.talked)

        alone = choose_agent(
            [as_they_stand(one, asked) for one in people.values()],
            asked.need,
            asked.strategy,
            History(lost=asked.lost, given=given),
            limits=TIGHT,
        )
        assert choice == alone
        if choice.chosen is not None:
            chosen = choice.chosen.agent_id
            giving.note_given(chosen, NOON)
            people[chosen] = replace(people[chosen], active_clients=people[chosen].active_clients + 1)
            given.setdefault(chosen, []).append(NOON)


def test_whoever_is_full_after_a_gift_is_passed_over_for_the_next() -> None:
    anna, boris = (
        Candidate(
            agent_id=agent_id, name=name, present=True, state=AgentState.AVAILABLE, state_since=NOON, active_clients=3
        )
        for agent_id, name in ((PEOPLE[0], "Анна"), (PEOPLE[1], "Борис"))
    )
    giving = GivingOut([anna, boris], {})

    reasons = []
    for _ in range(3):
        choice = giving.choose(Need(at=NOON), Strategy.LEAST_LOADED, limits=TIGHT, lost={}, talked={})
        reasons.append([verdict.reason for verdict in choice.verdicts])
        if choice.chosen is not None:
            giving.note_given(choice.chosen.agent_id, NOON)

    assert reasons == [
        [Reason.CHOSEN, Reason.TIE],
        [Reason.CHOSEN, Reason.LOAD_CAP],
        [Reason.LOAD_CAP, Reason.LOAD_CAP],
    ]
