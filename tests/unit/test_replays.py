"""Last month under this policy: the same rules over what is known of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.distribution import Candidate, Limits
from crm_core.domain.outages import Gap
from crm_core.domain.people import AgentState
from crm_core.domain.policies import Action, Policy, Surroundings
from crm_core.domain.replays import Manner, Past, PastPromise, WouldMove, concerned_by, replay
from tests.builders import NOON, after

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

ANNA, BORIS, VERA = (UUID(int=number) for number in (1, 2, 3))
STRICT = Policy(name="strict-10m", version=1, action=Action.MOVE, grace=10 * MINUTE, max_moves=2, cooldown=24 * HOUR)


def person(agent_id: UUID, clients: int = 20, *, present: bool = True) -> Candidate:
    return Candidate(
        agent_id=agent_id,
        name=str(agent_id.int),
        present=present,
        state=AgentState.AVAILABLE,
        state_since=NOON - HOUR,
        active_clients=clients,
    )


TWO_AN_HOUR = Manner(limits=Limits(hourly_cap=2))
EVERYBODY = (person(ANNA), person(BORIS), person(VERA, 30))


def past(*people: Candidate, **what: object) -> Past:
    at_the_desk = people or EVERYBODY

    def there(_promise: PastPromise, _at: datetime, more: Mapping[UUID, int]) -> Sequence[Candidate]:
        return [replace(one, active_clients=one.active_clients + more.get(one.agent_id, 0)) for one in at_the_desk]

    given: dict[str, object] = {"people": there, "until": NOON + 24 * HOUR}
    return Past(**(given | what))  # type: ignore[arg-type]


def promise(number: int = 1, **what: object) -> PastPromise:
    """Anna promised in the morning for noon, and the client was never reached."""
    given: dict[str, object] = {
        "id": UUID(int=100 + number),
        "agent_id": ANNA,
        "promised_at": NOON - 4 * HOUR,
        "due_at": NOON,
        "done_at": None,
    }
    return PastPromise(**(given | what))  # type: ignore[arg-type]


def test_a_promise_nobody_keeps_goes_from_hand_to_hand_as_often_as_it_may() -> None:
    told = replay([promise()], STRICT, past())

    first = WouldMove(callback_id=UUID(int=101), at=after(600), late=10 * MINUTE, from_agent_id=ANNA, to_agent_id=BORIS)
    second = WouldMove(
        callback_id=UUID(int=101), at=after(1200), late=20 * MINUTE, from_agent_id=BORIS, to_agent_id=VERA
    )
    assert told.moves == (first, second)
    assert (told.concerned, told.moved) == (1, 1)
    assert told.given == {BORIS: 1, VERA: 1}
    assert told.taken == {ANNA: 1, BORIS: 1}


def test_who_was_reached_in_the_last_moment_was_reached() -> None:
    kept, late = promise(1, done_at=after(600)), promise(2, done_at=after(601))

    told = replay([kept, late], STRICT, past())

    assert [move.callback_id for move in told.moves] == [late.id]


def test_an_outage_of_that_day_would_have_been_given_back() -> None:
    outage = Gap(source="system", from_at=after(300), to_at=after(2100))

    told = replay([promise()], replace(STRICT, max_moves=1), past(gaps_of=lambda _promise, _owner: [outage]))

    assert [move.at for move in told.moves] == [after(2400)]


def test_what_would_have_been_given_counts_for_the_next_choice() -> None:
    promises = [promise(number, due_at=NOON + number * MINUTE) for number in range(4)]

    told = replay(promises, replace(STRICT, max_moves=1), past(person(BORIS, 20), person(VERA, 22)))

    assert [move.to_agent_id for move in told.moves] == [BORIS, BORIS, VERA, BORIS]


def test_the_hourly_cap_and_an_empty_desk_send_it_to_the_supervisor() -> None:
    promises = [promise(number, due_at=NOON + number * MINUTE) for number in range(3)]

    told = replay(promises, STRICT, past(person(BORIS), until=NOON + 15 * MINUTE, manner_of=lambda _: TWO_AN_HOUR))

    assert [move.to_agent_id for move in told.moves] == [BORIS, BORIS, None]
    assert (told.moved, told.overdue, told.nobody) == (2, 3, 1)


def test_who_found_nobody_waits_for_whoever_comes_and_the_supervisor_is_told_once() -> None:
    def at_the_desk(_promise: PastPromise, at: datetime, _more: Mapping[UUID, int]) -> Sequence[Candidate]:
        return [person(BORIS, present=at >= NOON + HOUR)]

    arrivals = [NOON + 20 * MINUTE, NOON + HOUR]
    told = replay([promise()], replace(STRICT, max_moves=1), past(people=at_the_desk, arrivals=arrivals))

    assert [(move.at, move.to_agent_id) for move in told.moves] == [(after(600), None), (after(3600), BORIS)]
    assert (told.moved, told.nobody) == (1, 0)


def test_who_was_reached_while_it_waited_for_somebody_stays_where_it_is() -> None:
    nobody_then_boris = past(person(BORIS, present=False), arrivals=[NOON + HOUR])

    told = replay([promise(done_at=NOON + HOUR)], STRICT, nobody_then_boris)

    assert [move.to_agent_id for move in told.moves] == [None]


def test_a_more_specific_rule_takes_the_place_of_everybodys() -> None:
    vip = replace(STRICT, name="vip", service_class="A")
    ours, theirs = promise(1), promise(2, around=Surroundings(service_class="A"))

    assert concerned_by(STRICT, [ours, theirs], [STRICT, vip]) == [ours]
    assert concerned_by(STRICT, [ours, theirs], [STRICT, replace(vip, enabled=False)]) == [ours, theirs]
    assert concerned_by(replace(vip, enabled=False), [ours, theirs], [STRICT]) == [theirs]


def test_nothing_is_told_of_the_time_after_the_period_and_of_those_it_does_not_concern() -> None:
    of_class_a = replace(STRICT, service_class="A")

    assert replay([promise()], STRICT, past(until=after(599))).moves == ()
    assert replay([promise()], of_class_a, past()).concerned == 0
    assert replay([promise(around=Surroundings(service_class="A"))], of_class_a, past()).moved == 1


def test_a_rule_that_moves_nothing_would_have_moved_nothing() -> None:
    soft = Policy(name="soft-72h", version=1, action=Action.UNLOCK, grace=72 * HOUR)

    told = replay([promise()], soft, past())

    assert (told.moves, told.concerned, told.overdue) == ((), 1, 0)
    a_week_on = past(until=NOON + 7 * 24 * HOUR)
    assert replay([promise(1), promise(2, done_at=NOON + 72 * HOUR)], soft, a_week_on).overdue == 1


promises = st.lists(
    st.builds(
        promise,
        st.integers(1, 20),
        due_at=st.integers(0, 7200).map(after),
        done_at=st.none() | st.integers(0, 9000).map(after),
        agent_id=st.sampled_from([ANNA, BORIS, VERA]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(promises, st.integers(1, 4), st.sampled_from([timedelta(), HOUR, 24 * HOUR]))
def test_whatever_the_past_was_no_move_is_early_too_many_or_back_to_a_loser(
    given_promises: list[PastPromise], max_moves: int, cooldown: timedelta
) -> None:
    told = replay(given_promises, replace(STRICT, max_moves=max_moves, cooldown=cooldown), past())

    assert list(told.moves) == sorted(told.moves, key=lambda move: move.at)
    for one in given_promises:
        own = [move for move in told.moves if move.callback_id == one.id]
        assert sum(move.to_agent_id is not None for move in own) <= max_moves
        assert all(move.late >= STRICT.grace for move in own)
        assert one.done_at is None or all(move.at < one.done_at for move in own)
        _check_hands(one, own, cooldown)


def _check_hands(one: PastPromise, moves: Sequence[WouldMove], cooldown: timedelta) -> None:
    """Each takes over from the one before, and nobody gets it back within the cool-down."""
    owner: UUID | None = one.agent_id
    lost: dict[UUID, datetime] = {}
    for move in moves:
        assert move.from_agent_id == owner
        assert move.to_agent_id != owner
        lost[move.from_agent_id] = move.at
        if move.to_agent_id is not None:
            assert move.at >= lost.get(move.to_agent_id, move.at - cooldown) + cooldown
            owner = move.to_agent_id
