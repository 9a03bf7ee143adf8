"""Holes in what was heard: joining late, a lost link, a PBX that lists what is alive, and forgetting."""

from __future__ import annotations

import pytest

from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.alive import Alive
from channels.telephony.tracking.board import REMEMBERED_S
from crm_core.domain.calls import Direction, EndedBy, InteractionState, LegResult, LegRole
from tests.unit.telephony.exchange import DIALECT, UP, Exchange, Line, seconds


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def listed(line: Line, *, bridge: str = "", lasting: str = "00:00:10", application: str = "Queue") -> dict[str, str]:
    """A line as CoreShowChannels lists it."""
    data = "sales,tT,,,30" if application == "Queue" else "(Outgoing Line)"
    return line.headers() | {
        "BridgeId": bridge,
        "Duration": lasting,
        "Application": application,
        "ApplicationData": data,
    }


def test_a_call_met_in_the_middle_is_told_from_there_and_not_complete(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    late = Exchange(now=exchange.now)

    late.passes(10)
    late.holds(phone)
    late.passes(5)
    late.takes_back(phone)
    late.client_hangs_up(client, phone)

    call = late.call(client)
    assert (call.state, call.complete) == (InteractionState.CLOSED, False)
    assert [(leg.extension, leg.result) for leg in call.legs] == [("1001", LegResult.ANSWERED)]
    assert not late.tracker.anomalies


def test_a_hangup_of_a_stranger_makes_no_call(exchange: Exchange) -> None:
    stranger = Line("PJSIP/1001-00000099", "1790000000.99", "1790000000.98", UP, "1001")

    exchange.asks_to_hang_up(stranger)
    exchange.leaves("b9", stranger)
    exchange.hangs_up(stranger)
    exchange.say("Cdr", UniqueID="1790000000.98", UserField="in.wav", LastApplication="VoiceMail")

    assert exchange.told() == []
    assert exchange.tracker.live_calls() == []


def test_a_call_that_ended_during_the_gap_is_closed_where_we_last_heard_anything(exchange: Exchange) -> None:
    client, _ = exchange.queue_call_answered()
    exchange.passes(5)
    exchange.client_calls("+77029999999")
    last_heard = exchange.now
    exchange.passes(600)

    exchange.tracker.resync(Alive(channels=()), exchange.now)

    call = exchange.call(client)
    assert (call.state, call.ended_at, call.complete) == (InteractionState.CLOSED, last_heard, False)
    assert (call.talk, call.ended_by) == (seconds(5), None)
    assert [leg.result for leg in call.legs] == [LegResult.ANSWERED]


def test_a_phone_that_rang_when_the_link_broke_does_not_ring_for_ever(exchange: Exchange) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001", queue="sales")
    exchange.rings(phone)
    exchange.passes(60)

    news = exchange.tracker.resync(Alive(channels=(listed(client),)), exchange.now)

    assert [type(one).__name__ for one in news] == ["LegEnded"]
    call = exchange.call(client)
    assert [leg.result for leg in call.legs] == [LegResult.CANCELLED]
    assert (call.ended_at, call.complete) == (None, False)


def test_a_call_that_stands_as_it_stood_is_still_complete(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.passes(60)

    news = exchange.tracker.resync(
        Alive(channels=(listed(client, bridge="b1"), listed(phone, bridge="b1", application="AppQueue"))), exchange.now
    )
    exchange.passes(5)
    exchange.client_hangs_up(client, phone)

    assert news == []
    assert exchange.call(client).complete
    assert exchange.call(client).talk == seconds(65)


def standing(client: Line, phone: Line) -> Alive:
    """Both are where they were."""
    return Alive(channels=(listed(client, bridge="b1"), listed(phone, bridge="b1", application="AppQueue")))


def test_a_call_that_lived_through_a_gap_is_not_complete_whatever_the_lists_say(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    heard_until = exchange.now
    exchange.passes(3)

    news = exchange.tracker.resync(standing(client, phone), exchange.now, heard_until=heard_until)

    assert [type(one).__name__ for one in news] == ["CallChanged"]
    assert not exchange.call(client).complete


def test_within_a_moment_nothing_happens_to_a_talk(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    waiting = exchange.client_calls("+77020000000")
    heard_until = exchange.now
    exchange.passes(0.9)

    exchange.tracker.resync(
        Alive(channels=(*standing(client, phone).channels, listed(waiting))), exchange.now, heard_until=heard_until
    )

    assert exchange.call(client).complete
    assert not exchange.call(waiting).complete  # a phone may have been busy for it meanwhile


def test_a_hold_that_began_in_such_a_moment_gives_it_away_at_its_end(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    heard_until = exchange.now
    exchange.passes(0.5)
    exchange.tracker.resync(standing(client, phone), exchange.now, heard_until=heard_until)

    exchange.passes(20)
    exchange.takes_back(phone)

    assert not exchange.call(client).complete


def test_a_talk_that_ended_in_the_gap_lasted_as_long_as_the_link_was_heard(exchange: Exchange) -> None:
    client, _ = exchange.queue_call_answered()
    exchange.passes(600)  # nothing is said in a talk, but the link answered its pings
    heard_until = exchange.now
    exchange.passes(60)

    exchange.tracker.resync(Alive(channels=()), exchange.now, heard_until=heard_until)

    assert (exchange.call(client).ended_at, exchange.call(client).talk) == (heard_until, seconds(600))


def test_a_call_answered_during_the_gap_is_answered_but_not_complete(exchange: Exchange) -> None:
    client = exchange.client_calls()
    exchange.joins_queue(client, "sales")
    phone = exchange.dial(client, "PJSIP/1001", queue="sales")
    exchange.rings(phone)
    exchange.passes(30)
    client.state = phone.state = UP

    news = exchange.tracker.resync(
        Alive(channels=(listed(client, bridge="b1"), listed(phone, bridge="b1", application="AppQueue"))), exchange.now
    )

    assert {type(one).__name__ for one in news} >= {"LegAnswered", "CallAnswered"}
    call = exchange.call(client)
    assert (call.state, call.answered_at, call.complete) == (InteractionState.ACTIVE, exchange.now, False)


def test_a_call_begun_during_the_gap_is_met_as_it_stands(exchange: Exchange) -> None:
    elsewhere = Exchange()
    client, phone = elsewhere.queue_call_answered("1003")

    news = exchange.tracker.resync(
        Alive(
            channels=(
                listed(phone, bridge="b1", application="AppQueue"),
                listed(client, bridge="b1", lasting="00:01:07"),
            )
        ),
        exchange.now,
    )

    told = [type(one).__name__ for one in news]
    assert told == ["CallStarted", "LegOffered", "LegAnswered", "CallAnswered"]
    call = exchange.call(client)
    assert (call.direction, call.client_number, call.our_number) == (
        Direction.INBOUND,
        "+77011234567",
        "77272000001",
    )
    assert call.started_at == exchange.now - seconds(67)
    assert [(leg.extension, leg.role, leg.queue) for leg in call.legs] == [("1003", LegRole.QUEUE, "sales")]
    assert not call.complete


def test_who_hung_up_is_known_though_the_beginning_is_not(exchange: Exchange) -> None:
    client, phone = Exchange().queue_call_answered()
    exchange.tracker.resync(
        Alive(channels=(listed(client, bridge="b1"), listed(phone, bridge="b1", application="AppQueue"))), exchange.now
    )
    exchange.passes(5)

    exchange.client_hangs_up(client, phone)

    call = exchange.call(client)
    assert (call.ended_by, call.talk, call.complete) == (EndedBy.CLIENT, seconds(5), False)


def test_a_caller_found_waiting_in_a_queue_waits_since_then(exchange: Exchange) -> None:
    client = Exchange().client_calls()
    entry = client.headers() | {"Event": "QueueEntry", "Queue": "sales", "Wait": "42"}

    exchange.tracker.resync(Alive(channels=(listed(client, lasting="00:00:44"),), queue_callers=(entry,)), exchange.now)

    call = exchange.call(client)
    assert (call.state, call.queues) == (InteractionState.QUEUED, ("sales",))


def test_what_was_heard_while_the_lists_were_taken_is_believed_over_them(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.passes(1)
    asked_at = exchange.now
    exchange.passes(0.2)
    newcomer = exchange.client_calls("+77025555555")
    exchange.client_hangs_up(client, phone)

    exchange.tracker.resync(Alive(channels=(listed(client, bridge="b1"), listed(phone, bridge="b1"))), asked_at)

    assert exchange.tracker.live_calls() == [newcomer.linkedid]
    assert exchange.call(client).complete


def test_a_restarted_pbx_leaves_nothing_of_its_former_run(exchange: Exchange) -> None:
    exchange.queue_call_answered()

    exchange.tracker.resync(Alive(channels=()), exchange.now + seconds(20))

    assert exchange.tracker.live_calls() == []


def test_an_impossible_duration_is_no_error(exchange: Exchange) -> None:
    client = Exchange().client_calls()

    exchange.tracker.resync(
        Alive(channels=(listed(client, lasting="999999999:00:00"), {"Duration": "soon"})), exchange.now
    )

    assert exchange.call(client).started_at < exchange.now


def test_stragglers_of_an_ended_call_still_find_it_and_then_it_is_forgotten(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.client_hangs_up(client, phone)
    exchange.call(client)
    exchange.told()

    exchange.passes(REMEMBERED_S - 1)
    exchange.hangs_up(client, phone)
    exchange.enters("b1", phone)
    assert exchange.told() == []

    exchange.passes(2)
    exchange.client_calls("+77020000000")
    with pytest.raises(KeyError):
        exchange.call(client)


def test_a_call_is_not_forgotten_before_anybody_looked_at_it(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.client_hangs_up(client, phone)

    # A spool is read in large pieces: an hour of a quiet night may be one of them.
    exchange.passes(3600)
    exchange.client_calls("+77020000000")

    assert exchange.call(client).state is InteractionState.CLOSED


def test_memory_holds_no_more_than_the_calls_of_the_last_moments() -> None:
    exchange = Exchange()
    for _ in range(300):
        client, phone = exchange.queue_call_answered()
        exchange.passes(1)
        exchange.client_hangs_up(client, phone)
        exchange.call(client)

    board = exchange.tracker._board
    assert len(board.calls) < 20
    assert len(board.channels) < 40
    assert len(board._bridges) <= 1


def test_a_call_may_be_forgotten_by_hand() -> None:
    exchange = Exchange(CallTracker(DIALECT, boot="first"))
    client, _ = exchange.queue_call_answered()

    exchange.tracker.forget(client.linkedid)
    exchange.tracker.forget(client.linkedid)

    assert exchange.tracker.live_calls() == []
