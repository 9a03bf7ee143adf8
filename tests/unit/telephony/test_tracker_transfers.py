"""Calls that move: transfers, redirects, pickups, Local channels, conferences.

The sequences are those of a real Asterisk 22, written down without the noise.
"""

from __future__ import annotations

import pytest

from channels.telephony.tracking.events import CallMerged
from crm_core.domain.calls import CallSnapshot, Direction, LegResult, LegRole, Outcome, outcome
from tests.unit.telephony.exchange import RINGING, UP, Exchange, Line, seconds


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def people(call: CallSnapshot) -> list[tuple[str | None, LegRole, LegResult | None]]:
    return [(leg.extension, leg.role, leg.result) for leg in call.legs]


def test_a_client_redirected_from_outside_talked_with_both(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(3)
    exchange.leaves("b1", client, anna)
    exchange.hangs_up(anna)

    boris = exchange.dial(client, "PJSIP/1002")
    exchange.rings(boris)
    exchange.passes(2)
    exchange.answers(client, boris)
    exchange.enters("b2", boris, client)
    exchange.passes(6)
    exchange.client_hangs_up(client, boris, "b2")

    call = exchange.call(client)
    assert people(call) == [
        ("1001", LegRole.QUEUE, LegResult.ANSWERED),
        ("1002", LegRole.TRANSFER_BLIND, LegResult.ANSWERED),
    ]
    assert call.talk == seconds(9)


def test_a_client_who_leaves_while_being_transferred_was_still_answered(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(3)
    exchange.leaves("b1", client, anna)
    exchange.hangs_up(anna)
    boris = exchange.dial(client, "PJSIP/1002")
    exchange.rings(boris)
    exchange.passes(20)

    exchange.asks_to_hang_up(client)
    exchange.dial_ends(client, boris, "CANCEL")
    exchange.hangs_up(boris, cause=0)
    exchange.hangs_up(client)

    call = exchange.call(client)
    assert outcome(call) is Outcome.ANSWERED
    assert call.ended_by == "client"
    assert people(call)[1] == ("1002", LegRole.TRANSFER_BLIND, LegResult.CANCELLED)
    assert call.talk == seconds(3)


def consultation(exchange: Exchange, anna: Line) -> tuple[Line, Line]:
    """Anna holds the client and calls 1002 on her second line, who answers: bridge ``b2``."""
    exchange.holds(anna)
    second_line = exchange.agent_dials("1001", "1002")
    boris = exchange.dial(second_line, "PJSIP/1002")
    exchange.rings(boris)
    exchange.passes(1)
    exchange.answers(second_line, boris)
    exchange.enters("b2", boris, second_line)
    return second_line, boris


def test_a_consultation_that_becomes_a_transfer_is_part_of_the_clients_call(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(10)
    second_line, boris = consultation(exchange, anna)
    consult_id = second_line.linkedid
    assert exchange.call(consult_id).direction is Direction.INTERNAL
    exchange.passes(4)

    boris.linkedid = client.linkedid
    exchange.takes_back(anna)
    exchange.leaves("b2", boris)
    exchange.leaves("b1", anna)
    exchange.enters("b1", boris)
    exchange.leaves("b2", second_line)
    exchange.hangs_up(anna, second_line)
    exchange.passes(7)
    exchange.client_hangs_up(client, boris)

    assert [news.merged for news in exchange.news if isinstance(news, CallMerged)] == [consult_id]
    call = exchange.call(client)
    assert exchange.call(consult_id) == call
    assert call.keys == (client.linkedid, consult_id)
    assert people(call) == [
        ("1001", LegRole.QUEUE, LegResult.ANSWERED),
        ("1001", LegRole.CONSULT, LegResult.ANSWERED),
        ("1002", LegRole.TRANSFER_ATTENDED, LegResult.ANSWERED),
    ]
    assert (call.talk, call.hold) == (seconds(17), seconds(5))


def test_a_consultation_that_ends_stays_a_call_of_its_own(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    second_line, boris = consultation(exchange, anna)
    exchange.passes(4)
    exchange.client_hangs_up(second_line, boris, "b2")
    exchange.takes_back(anna)
    exchange.passes(2)
    exchange.client_hangs_up(client, anna)

    assert exchange.call(second_line).direction is Direction.INTERNAL
    assert people(exchange.call(second_line)) == [
        ("1001", LegRole.ORIGINATE, LegResult.ANSWERED),
        ("1002", LegRole.DIRECT, LegResult.ANSWERED),
    ]
    assert people(exchange.call(client)) == [("1001", LegRole.QUEUE, LegResult.ANSWERED)]


def test_the_clients_call_survives_even_when_the_other_one_is_older(exchange: Exchange) -> None:
    anna_first = exchange.agent_dials("1001", "1002")
    boris = exchange.dial(anna_first, "PJSIP/1002")
    exchange.answers(anna_first, boris)
    exchange.enters("b2", boris, anna_first)
    exchange.passes(5)
    client, anna = exchange.queue_call_answered("1001")
    name_of_clients_call = client.linkedid

    client.linkedid = anna_first.linkedid
    exchange.say(
        "AttendedTransfer",
        Result="Success",
        **anna.headers("OrigTransferer"),
        **anna_first.headers("SecondTransferer"),
        **client.headers("Transferee"),
        **boris.headers("TransferTarget"),
    )

    call = exchange.call(name_of_clients_call)
    assert call.linkedid == name_of_clients_call
    assert call.direction is Direction.INBOUND
    assert exchange.call(anna_first.linkedid) == call


def test_a_transfer_completed_while_it_still_rings_is_folded_at_once(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.holds(anna)
    second_line = exchange.agent_dials("1001", "1002")
    boris = exchange.dial(second_line, "PJSIP/1002")
    exchange.rings(boris)

    exchange.say(
        "AttendedTransfer",
        Result="Success",
        DestType="App",
        **anna.headers("OrigTransferer"),
        **second_line.headers("SecondTransferer"),
        **client.headers("Transferee"),
    )

    assert exchange.call(second_line).linkedid == client.linkedid
    assert "CallMerged" in exchange.told()


def test_a_feature_code_transfer_goes_through_local_channels(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(10)
    exchange.holds(anna)
    near, far = exchange.local_pair("1002@internal", client.linkedid)
    exchange.enters("b2", near)
    boris = exchange.dial(far, "PJSIP/1002")
    exchange.leaves("b1", anna)
    exchange.enters("b2", anna)
    exchange.rings(boris)
    exchange.passes(2)
    exchange.answers(far, boris)
    exchange.dial_ends(None, near, "ANSWER")
    exchange.enters("b3", boris, far)
    exchange.passes(4)
    assert people(exchange.call(client))[1] == ("1002", LegRole.CONSULT, LegResult.ANSWERED)

    # Anna hangs up: her Local half takes her place with the client, and is then optimised away.
    exchange.leaves("b2", near)
    exchange.enters("b1", near)
    exchange.leaves("b2", anna)
    exchange.hangs_up(anna)
    exchange.passes(1)
    exchange.leaves("b3", boris)
    exchange.leaves("b1", near)
    exchange.enters("b1", boris)
    exchange.hangs_up(near)
    exchange.leaves("b3", far)
    exchange.hangs_up(far)
    exchange.passes(5)
    exchange.client_hangs_up(client, boris)

    call = exchange.call(client)
    assert people(call) == [
        ("1001", LegRole.QUEUE, LegResult.ANSWERED),
        ("1002", LegRole.TRANSFER_ATTENDED, LegResult.ANSWERED),
    ]
    assert (call.talk, call.hold) == (seconds(16), seconds(6))


def test_a_queue_member_behind_a_local_channel_is_a_phone_of_the_queue(exchange: Exchange) -> None:
    client = exchange.client_calls()
    exchange.joins_queue(client, "sales")
    near, far = exchange.local_pair("1001@from-queue", client.linkedid)
    exchange.say("AgentCalled", Queue="sales", **client.headers(), **near.headers("Dest"))
    exchange.say("DialBegin", **client.headers(), **near.headers("Dest"))
    phone = exchange.dial(far, "PJSIP/1001")
    exchange.rings(phone)
    exchange.passes(2)
    exchange.answers(far, phone)
    exchange.enters("b2", phone, far)
    exchange.dial_ends(client, near, "ANSWER")
    exchange.enters("b1", near, client)
    exchange.passes(8)
    exchange.asks_to_hang_up(client)
    exchange.leaves("b1", client, near)
    exchange.leaves("b2", far, phone)
    exchange.hangs_up(client, near, far, phone)

    call = exchange.call(client)
    assert people(call) == [("1001", LegRole.QUEUE, LegResult.ANSWERED)]
    assert (call.legs[0].queue, call.answered_queue) == ("sales", "sales")
    assert (call.talk, call.ended_by) == (seconds(8), "client")


def test_click_to_call_may_ring_the_agent_through_a_local_channel(exchange: Exchange) -> None:
    ours = "0190f5fe-7c00-7a00-8000-0000000000aa"
    near = exchange.line("Local/1001@from-internal-00000001", half=";1", uniqueid=ours, linkedid=ours)
    far = exchange.line("Local/1001@from-internal-00000001", half=";2", linkedid=ours)
    exchange.say("DialBegin", **near.headers("Dest"))
    phone = exchange.dial(far, "PJSIP/1001")
    exchange.rings(phone)
    exchange.answers(far, phone)
    exchange.enters("b1", phone, far)
    client = exchange.dial(near, "PJSIP/trunk", number="+77015550142")
    exchange.passes(3)
    exchange.answers(near, client)
    exchange.enters("b2", client, near)
    exchange.passes(5)

    exchange.asks_to_hang_up(phone)
    exchange.leaves("b1", phone, far)
    exchange.leaves("b2", near, client)
    exchange.hangs_up(phone, far, near, client)

    call = exchange.call(ours)
    assert call.direction is Direction.OUTBOUND
    assert people(call) == [("1001", LegRole.ORIGINATE, LegResult.ANSWERED)]
    assert (call.talk, call.ended_by) == (seconds(5), "agent")
    assert "LegOffered" not in exchange.told()


def masquerade(exchange: Exchange, device: Line, into: Line) -> None:
    """The device takes over another channel: it keeps its name and gets the other's Uniqueid."""
    kept, lost = device.name, into.name
    exchange.say("Rename", Channel=kept, Newname=f"{kept}<MASQ>", Uniqueid=device.uniqueid)
    exchange.say("Rename", Channel=lost, Newname=kept, Uniqueid=into.uniqueid)
    exchange.say("Rename", Channel=f"{kept}<MASQ>", Newname=f"{lost}<ZOMBIE>", Uniqueid=device.uniqueid)
    device.uniqueid, into.uniqueid = into.uniqueid, device.uniqueid
    into.name = f"{lost}<ZOMBIE>"


def test_a_call_picked_up_from_another_phone_belongs_to_who_picked_it_up(exchange: Exchange) -> None:
    client = exchange.client_calls()
    ringing = exchange.dial(client, "PJSIP/1001")
    exchange.rings(ringing)
    exchange.passes(3)
    picker = exchange.agent_dials("1002", "*8")

    picker.linkedid = client.linkedid
    masquerade(exchange, picker, into=ringing)
    exchange.hangs_up(ringing, cause=26)
    exchange.answers(client, picker)
    exchange.enters("b1", picker, client)
    exchange.passes(6)
    exchange.client_hangs_up(client, picker)

    call = exchange.call(client)
    assert people(call) == [
        ("1001", LegRole.DIRECT, LegResult.ANSWERED_ELSEWHERE),
        ("1002", LegRole.DIRECT, LegResult.ANSWERED),
    ]
    assert call.talk == seconds(6)
    assert exchange.tracker.live_calls() == []


def test_a_client_moved_to_another_channel_is_still_the_client(exchange: Exchange) -> None:
    phone = exchange.agent_dials("1001", "+77015550142")
    client = exchange.dial(phone, "PJSIP/trunk", number="+77015550142")
    exchange.answers(phone, client)
    exchange.enters("b1", client, phone)
    exchange.passes(4)

    # A blind transfer of a channel without a dialplan of its own: Asterisk makes it one and moves the device.
    body = exchange.line("AsyncGoto/PJSIP/trunk", linkedid=phone.linkedid)
    exchange.leaves("b1", client, phone)
    masquerade(exchange, client, into=body)
    exchange.hangs_up(body, phone)
    boris = exchange.dial(client, "PJSIP/1002")
    exchange.rings(boris)
    exchange.passes(2)
    exchange.answers(client, boris)
    exchange.enters("b2", boris, client)
    exchange.passes(5)
    exchange.client_hangs_up(client, boris, "b2")

    call = exchange.call(phone)
    assert people(call) == [
        ("1001", LegRole.ORIGINATE, LegResult.ANSWERED),
        ("1002", LegRole.TRANSFER_BLIND, LegResult.ANSWERED),
    ]
    assert (call.talk, call.ended_by, call.client_number) == (seconds(9), "client", "+77015550142")


def test_two_clients_in_one_conference_stay_two_calls(exchange: Exchange) -> None:
    one = exchange.client_calls("+77011111111")
    other = exchange.client_calls("+77022222222")
    first_name, other_name = one.linkedid, other.linkedid
    anna = exchange.dial(one, "PJSIP/1001")
    exchange.answers(one, anna)
    exchange.enters("conference", one, anna)

    other.linkedid = one.linkedid
    exchange.enters("conference", other)
    exchange.passes(10)
    exchange.leaves("conference", one)
    exchange.hangs_up(one)
    exchange.passes(5)
    exchange.client_hangs_up(other, anna, "conference")

    assert exchange.call(first_name).client_number == "+77011111111"
    assert exchange.call(other_name).client_number == "+77022222222"
    assert exchange.call(first_name).talk == seconds(10)
    assert exchange.call(other_name).talk == seconds(15)


def test_a_colleague_who_comes_to_a_conference_is_part_of_the_clients_call(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(10)
    boris = exchange.agent_dials("1002", "6000")
    assert exchange.call(boris).direction is Direction.INTERNAL

    exchange.enters("b1", boris)
    exchange.passes(5)
    exchange.client_hangs_up(client, boris)
    exchange.hangs_up(anna)

    call = exchange.call(boris)
    assert call.linkedid == client.linkedid
    assert [leg.extension for leg in call.legs] == ["1001", "1002"]
    assert call.talk == seconds(15)


def test_two_agents_with_one_client_talk_once(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    exchange.passes(10)
    boris = exchange.line("PJSIP/1002", state=UP, linkedid=client.linkedid)
    exchange.enters("b1", boris)
    exchange.passes(5)
    exchange.holds(anna)
    exchange.passes(5)
    exchange.client_hangs_up(client, boris)
    exchange.hangs_up(anna)

    call = exchange.call(client)
    assert (call.talk, call.hold) == (seconds(20), seconds(0))


def test_a_call_forwarded_to_a_mobile_was_answered_by_one_of_us(exchange: Exchange) -> None:
    client = exchange.client_calls()
    mobile = exchange.dial(client, "PJSIP/trunk", number="+77770000000")
    exchange.passes(5)
    exchange.answers(client, mobile)
    exchange.enters("b1", mobile, client)
    exchange.passes(30)
    exchange.client_hangs_up(client, mobile)

    call = exchange.call(client)
    assert call.direction is Direction.INBOUND
    assert (call.legs, call.talk, outcome(call)) == ((), seconds(30), Outcome.ANSWERED)


def test_agents_who_talk_on_after_the_client_left_keep_no_call_open(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    boris = exchange.line("PJSIP/1002", state=RINGING, linkedid=client.linkedid)
    exchange.enters("b1", boris)

    exchange.asks_to_hang_up(client)
    exchange.leaves("b1", client)
    exchange.hangs_up(client)
    ended = exchange.now
    assert "CallEnded" in exchange.told()

    exchange.passes(60)
    exchange.hangs_up(anna, boris)
    assert exchange.told() == ["LegEnded", "LegEnded"]
    assert exchange.call(client).ended_at == ended
