"""Callers whom nobody talks to for a while: parked, with voicemail, or ringing on a phone that another takes over."""

from __future__ import annotations

import pytest

from crm_core.domain.calls import LegResult, LegRole, Outcome, outcome
from crm_core.domain.path import StopKind
from tests.unit.telephony.exchange import UP, Exchange, Line


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def parks(exchange: Exchange, line: Line, space: str) -> None:
    lot = {"BridgeUniqueid": "lot", "BridgeTechnology": "holding_bridge"}
    exchange.say("ParkedCall", ParkingSpace=space, **line.headers("Parkee"))
    exchange.say("BridgeEnter", **lot, **line.headers())


def test_those_who_are_parked_on_one_lot_do_not_hear_each_other(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered("1001")
    other = exchange.agent_dials("1007", "1008")
    exchange.passes(10)
    exchange.leaves("b1", client, phone)
    exchange.hangs_up(phone)

    parks(exchange, client, "701")
    parks(exchange, other, "702")
    exchange.passes(30)

    call = exchange.call(client)
    assert call.talk.total_seconds() == 10
    assert [leg.interface for leg in call.legs] == ["PJSIP/1001"]
    assert [(stay.name, stay.end) for stay in call.stays if stay.kind is StopKind.PARKING] == [("701", None)]


def test_who_takes_a_client_off_the_lot_was_not_asked_first(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered("1001")
    exchange.passes(10)
    exchange.leaves("b1", client, phone)
    exchange.hangs_up(phone)
    parks(exchange, client, "701")
    exchange.passes(20)
    colleague = Line("PJSIP/1002-00000077", "1790000000.77", "1790000000.77", UP, "1002", exten="701")

    # Under load the lot is heard before the phone that dialled it.
    exchange.say("UnParkedCall", **client.headers("Parkee"), **colleague.headers("Retriever"))
    exchange.say("Newchannel", **colleague.headers())
    colleague.linkedid = client.linkedid
    exchange.enters("b2", client, colleague)
    exchange.passes(5)

    call = exchange.call(client)
    assert [(leg.interface, leg.role) for leg in call.legs][1:] == [("PJSIP/1002", LegRole.TRANSFER_BLIND)]
    [lot] = [stay for stay in call.stays if stay.kind is StopKind.PARKING]
    assert lot.end is not None
    assert (lot.end - lot.start).total_seconds() == 20


@pytest.mark.parametrize(("message_left", "recordings"), [(True, 1), (False, 0)])
def test_voicemail_is_a_recording_only_when_a_message_was_left(
    exchange: Exchange, message_left: bool, recordings: int
) -> None:
    client = exchange.client_calls()
    exchange.say("VarSet", Variable="MIXMONITOR_FILENAME", Value="/monitor/in.wav", **client.headers())
    exchange.say("Newexten", Application="VoiceMail", AppData="1001@default,u", **client.headers())
    exchange.passes(12)
    if message_left:
        exchange.say("MessageWaiting", Mailbox="1001@default", Waiting="1", **client.headers())

    exchange.hangs_up(client, cause=0)

    call = exchange.call(client)
    assert outcome(call) is Outcome.VOICEMAIL
    assert len(call.recordings) == recordings
    assert [(stay.kind, stay.name) for stay in call.stays] == [(StopKind.VOICEMAIL, "1001")]


def test_a_call_taken_on_another_phone_was_answered_elsewhere(exchange: Exchange) -> None:
    client = exchange.client_calls()
    rung = exchange.dial(client, "PJSIP/1001")
    exchange.rings(rung)
    exchange.passes(3)
    picker = exchange.agent_dials("1002", "*8")

    exchange.say("Pickup", **picker.headers(), **rung.headers("Target"))
    exchange.dial_ends(client, picker, "ANSWER")
    exchange.hangs_up(rung, cause=16)
    exchange.enters("b1", client, picker)

    call = exchange.call(client)
    assert [(leg.interface, leg.role, leg.result) for leg in call.legs] == [
        ("PJSIP/1001", LegRole.DIRECT, LegResult.ANSWERED_ELSEWHERE),
        ("PJSIP/1002", LegRole.DIRECT, LegResult.ANSWERED),
    ]
    assert set(exchange.tracker.live_calls()) == {client.linkedid}
