"""What one more hearing of a call changes in the log, without a database."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.domain.calls import CallSnapshot, Direction, InteractionState, LegResult, LegRole, Outcome
from crm_core.domain.interactions import USUAL_RULE, LegNews, StoredCall, Surroundings, fold, news_of
from tests.builders import abandoned, after, answered, call, ended, leg, ringing

ANNA = UUID("0190a000-0000-7000-8000-00000000000a")
BORIS = UUID("0190a000-0000-7000-8000-00000000000b")
AIGERIM = UUID("0190a000-0000-7000-8000-0000000000c1")
ERLAN = UUID("0190a000-0000-7000-8000-0000000000c2")

HEARD_AT = after(3600)


def around(*, present: set[UUID] | None = None, clients: tuple[UUID, ...] = (AIGERIM,)) -> Surroundings:
    return Surroundings(
        now=HEARD_AT,
        agents={"1001": ANNA, "1002": BORIS},
        present=frozenset({ANNA, BORIS} if present is None else present),
        queues={},
        addresses={"+77011234567": "+77011234567"},
        clients={"+77011234567": clients},
    )


def tell(*hearings: CallSnapshot, surroundings: Surroundings | None = None) -> tuple[StoredCall, list[str]]:
    """Fold the hearings one after another; also what was announced, as ``kind extension``."""
    stored: StoredCall | None = None
    said: list[str] = []
    for heard in hearings:
        folded = fold(stored, heard, surroundings or around())
        if folded is not None:
            said += [f"{news.kind} {_phone(news)}" for news in news_of(stored, folded)]
            stored = folded
    assert stored is not None
    return stored, said


def _phone(news: LegNews) -> str:
    return news.leg.interface.removeprefix("PJSIP/")


def test_a_call_is_offered_answered_and_goes_to_wrap_up() -> None:
    stored, said = tell(call(), ringing(), answered(), ended())

    assert said == ["offered 1001", "answered 1001"]
    assert stored.state == InteractionState.WRAP_UP
    assert stored.outcome == Outcome.ANSWERED
    assert stored.agent_id == ANNA
    assert stored.client_id == AIGERIM
    assert (stored.wait_s, stored.talk_s) == (5.0, 60.0)
    # The end was heard long after it happened: the limit leaves the manager their time all the same.
    assert stored.wrap_up_until == HEARD_AT + USUAL_RULE.wrap_up_limit


def test_the_same_recording_told_twice_says_nothing_new() -> None:
    story = [call(), ringing(), answered(), ended()]

    stored, said = tell(*story, *story)

    assert said == ["offered 1001", "answered 1001"]
    assert stored.state == InteractionState.WRAP_UP


def test_a_colleague_who_was_faster_withdraws_the_other_offer() -> None:
    lost = leg("1002", ended_at=after(5), result=LegResult.ANSWERED_ELSEWHERE)

    _, said = tell(ringing("1001", "1002"), answered("1001", others=(lost,)))

    assert said == ["offered 1001", "offered 1002", "answered 1001", "withdrawn 1002"]


def test_a_busy_phone_makes_a_leg_and_never_an_offer() -> None:
    busy = leg("1001", rang=False, ended_at=after(1), result=LegResult.BUSY)

    stored, said = tell(call(legs=(busy,)))

    assert said == []
    assert stored.legs["1001.1"].result == LegResult.BUSY


def test_the_callers_own_phone_is_no_offer_and_hears_of_the_answer() -> None:
    own = leg("1001", role=LegRole.ORIGINATE, queue=None, answered_at=after(2))
    placed = {"direction": Direction.OUTBOUND, "queues": (), "legs": (own,)}

    stored, said = tell(
        call(state=InteractionState.OFFERED, **placed),
        call(state=InteractionState.ACTIVE, answered_at=after(9), **placed),
    )

    assert said == ["answered 1001"]
    assert stored.agent_id == ANNA


def test_an_absent_managers_call_closes_at_its_end() -> None:
    stored, _ = tell(ringing(), answered(), ended(), surroundings=around(present=set()))

    assert stored.state == InteractionState.CLOSED
    assert stored.wrap_up_s == 0.0


@pytest.mark.parametrize(("gave_up_after", "verdict"), [(4.9, Outcome.SHORT_ABANDONED), (5.0, Outcome.ABANDONED)])
def test_a_caller_who_gives_up_is_abandoned_and_short_below_five_seconds(gave_up_after: float, verdict: str) -> None:
    stored, said = tell(ringing(), abandoned(at=gave_up_after))

    assert stored.outcome == verdict
    assert stored.wait_s == gave_up_after
    assert said == ["offered 1001", "withdrawn 1001"]


def test_whom_a_phone_dials_is_learned_after_that_it_dials() -> None:
    unknown = call(direction=Direction.OUTBOUND, client_number=None, our_number=None)
    known = call(direction=Direction.OUTBOUND, client_number="+77011234567", our_number="+77272000001")

    stored, _ = tell(unknown, known)

    assert (stored.client_address, stored.our_address) == ("+77011234567", "+77272000001")
    assert stored.client_id == AIGERIM


def test_two_people_behind_one_number_are_left_to_choose_from() -> None:
    stored, _ = tell(call(), surroundings=around(clients=(AIGERIM, ERLAN)))

    assert stored.client_id is None
    assert stored.client_address == "+77011234567"


def test_a_tracker_that_joined_late_does_not_unlearn_what_is_known() -> None:
    missed = leg("1001", ended_at=after(4), result=LegResult.NO_ANSWER)
    then = leg("1002", offered_at=after(4), answered_at=after(6))
    before_restart = answered("1002", others=(missed,))
    after_restart = call(
        state=InteractionState.ACTIVE, answered_at=after(6), started_at=after(30), legs=(then,), queues=()
    )

    stored, _ = tell(before_restart, after_restart)

    assert set(stored.legs) == {"1001.1", "1002.1"}
    assert stored.started_at == after(0)
    assert stored.queues == ("sales",)


def test_the_last_who_answered_had_the_client() -> None:
    first = leg("1001", answered_at=after(5), ended_at=after(20), result=LegResult.ANSWERED)
    second = leg("1002", role=LegRole.TRANSFER_BLIND, offered_at=after(20), answered_at=after(25))

    stored, _ = tell(call(state=InteractionState.ACTIVE, answered_at=after(5), legs=(first, second)))

    assert stored.agent_id == BORIS


def test_a_phone_that_tells_of_its_end_after_the_client_has_the_last_word() -> None:
    rings = call(state=InteractionState.CLOSED, queues=(), legs=(leg("1001"),), ended_at=after(9), ended_by="system")
    busy = leg("1001", rang=False, ended_at=after(9), result=LegResult.BUSY)
    was_busy = call(state=InteractionState.CLOSED, queues=(), legs=(busy,), ended_at=after(9), ended_by="system")

    at_first, _ = tell(rings)
    in_the_end, _ = tell(rings, was_busy)

    assert (at_first.outcome, in_the_end.outcome) == (Outcome.NO_ANSWER, Outcome.BUSY)
