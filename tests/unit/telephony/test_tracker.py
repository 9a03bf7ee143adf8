"""What the tracker makes of single events that the recordings do not hold."""

from __future__ import annotations

import pytest

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.events import LegEnded, LegOffered
from crm_core.domain.calls import Direction, EndedBy, InteractionState, LegResult, LegRole, Outcome, outcome
from tests.unit.telephony.exchange import NOON, Exchange, seconds


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def test_a_queue_call_is_told_step_by_step_and_each_step_once(exchange: Exchange) -> None:
    client = exchange.client_calls()
    exchange.joins_queue(client, "sales")
    assert exchange.told() == ["CallStarted", "CallQueued"]

    phone = exchange.dial(client, "PJSIP/1001", queue="sales")
    exchange.rings(phone)
    exchange.rings(phone)
    assert exchange.told() == ["CallChanged", "CallChanged", "CallChanged", "LegOffered"]

    exchange.answers(client, phone)
    exchange.enters("b1", phone, client)
    exchange.enters("b1", phone, client)
    assert exchange.told() == ["LegAnswered", "CallAnswered"]

    exchange.client_hangs_up(client, phone)
    assert exchange.told() == ["LegEnded", "CallEnded"]


def test_a_phone_that_refuses_at_once_is_a_leg_but_no_offer(exchange: Exchange) -> None:
    client = exchange.client_calls()
    busy = exchange.dial(client, "PJSIP/1001", queue="sales")

    exchange.dial_ends(client, busy, "NOANSWER")
    exchange.hangs_up(busy, cause=17)

    assert [news for news in exchange.news if isinstance(news, LegOffered)] == []
    assert [news.result for news in exchange.news if isinstance(news, LegEnded)] == [LegResult.BUSY]
    (leg,) = exchange.call(client).legs
    assert (leg.rang, leg.result, leg.queue, leg.extension) == (False, LegResult.BUSY, "sales", "1001")


@pytest.mark.parametrize(("status", "verdict"), [("NOANSWER", Outcome.NO_ANSWER), ("BUSY", Outcome.BUSY)])
def test_a_phone_whose_end_is_told_after_the_clients_has_its_say_in_the_outcome(
    exchange: Exchange, status: str, verdict: Outcome
) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001")
    exchange.rings(phone)

    exchange.dial_ends(client, phone, status)
    exchange.hangs_up(client, cause=16)

    assert outcome(exchange.call(client)) is verdict


@pytest.mark.parametrize(
    ("cause", "status", "result"),
    [
        (17, "NOANSWER", LegResult.BUSY),
        (21, "NOANSWER", LegResult.DECLINED),
        (26, "CANCEL", LegResult.ANSWERED_ELSEWHERE),
        (0, "CANCEL", LegResult.CANCELLED),
        (127, "CANCEL", LegResult.CANCELLED),
        (20, "CHANUNAVAIL", LegResult.FAILED),
        (34, "CONGESTION", LegResult.FAILED),
    ],
)
def test_the_hangup_cause_says_why_a_phone_did_not_answer(
    exchange: Exchange, cause: int, status: str, result: LegResult
) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001")

    exchange.dial_ends(client, phone, status)
    exchange.hangs_up(phone, cause=cause)

    assert [leg.result for leg in exchange.call(client).legs] == [result]


@pytest.mark.parametrize(("rang", "result"), [(True, LegResult.NO_ANSWER), (False, LegResult.FAILED)])
def test_a_phone_of_which_no_word_was_heard_did_not_merely_ring_unanswered(
    exchange: Exchange, rang: bool, result: LegResult
) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001")
    if rang:
        exchange.rings(phone)

    exchange.dial_ends(client, phone, "NOANSWER")
    exchange.hangs_up(phone, cause=0)

    assert [leg.result for leg in exchange.call(client).legs] == [result]


def test_two_words_for_one_dial_mean_the_more_telling_one(exchange: Exchange) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001", queue="sales")
    exchange.rings(phone)

    exchange.dial_ends(client, phone, "CANCEL")
    exchange.dial_ends(client, phone, "NOANSWER")
    exchange.hangs_up(phone, cause=0)

    assert [leg.result for leg in exchange.call(client).legs] == [LegResult.NO_ANSWER]


def test_of_two_phones_that_come_up_together_only_one_answered(exchange: Exchange) -> None:
    client = exchange.client_calls()
    slow = exchange.dial(client, "PJSIP/1001", queue="hotline")
    quick = exchange.dial(client, "PJSIP/1002", queue="hotline")
    exchange.rings(slow)
    exchange.rings(quick)
    exchange.comes_up(slow)

    exchange.answers(client, quick)
    exchange.dial_ends(client, slow, "CANCEL")
    exchange.enters("b1", quick, client)
    exchange.hangs_up(slow, cause=26)

    call = exchange.call(client)
    assert [(leg.extension, leg.result) for leg in call.legs] == [
        ("1001", LegResult.ANSWERED_ELSEWHERE),
        ("1002", LegResult.ANSWERED),
    ]


def test_a_queue_that_gave_up_is_no_abandoned_call(exchange: Exchange) -> None:
    client = exchange.client_calls()
    exchange.joins_queue(client, "sales")
    exchange.passes(8)

    exchange.say("QueueCallerAbandon", Queue="sales", HoldTime="8", **client.headers())
    exchange.leaves_queue(client, "sales")
    exchange.joins_queue(client, "hotline")
    exchange.passes(3)
    exchange.hangs_up(client)

    call = exchange.call(client)
    assert call.queues == ("sales", "hotline")
    assert call.ended_by is EndedBy.SYSTEM
    assert outcome(call) is Outcome.NO_ANSWER


def test_a_client_who_hangs_up_between_two_queues_abandoned_the_call(exchange: Exchange) -> None:
    client = exchange.client_calls()
    exchange.joins_queue(client, "sales")
    exchange.passes(8)

    exchange.asks_to_hang_up(client)
    exchange.hangs_up(client, cause=0)

    assert outcome(exchange.call(client)) is Outcome.ABANDONED


@pytest.mark.parametrize("withheld", ["anonymous", "Anonymous", "<unknown>", "", "Restricted"])
def test_a_withheld_number_is_no_number(exchange: Exchange, withheld: str) -> None:
    client = exchange.client_calls(number=withheld, display_name="Anonymous")

    assert exchange.call(client).client_number is None
    assert exchange.call(client).client_name is None


def test_a_client_is_known_by_the_number_the_trunk_sent_however_the_dialplan_dresses_it(exchange: Exchange) -> None:
    client = exchange.client_calls(number="8 (701) 123-45-67", display_name='Ольга "Оля" <script>')

    client.number, client.display_name = "Sales: 87011234567", "Sales"
    exchange.say("NewCallerid", **client.headers())

    assert exchange.call(client).client_number == "8 (701) 123-45-67"
    assert exchange.call(client).client_name == 'Ольга "Оля" <script>'


def test_a_call_by_hand_is_outbound_before_any_trunk_is_tried(exchange: Exchange) -> None:
    phone = exchange.agent_dials("1001", "+77015550142")

    call = exchange.call(phone)
    assert (call.direction, call.client_number) == (Direction.OUTBOUND, "+77015550142")
    assert [(leg.role, leg.rang, leg.result) for leg in call.legs] == [(LegRole.ORIGINATE, False, LegResult.ANSWERED)]


def test_a_short_number_is_inside_until_it_leads_outside(exchange: Exchange) -> None:
    phone = exchange.agent_dials("1001", "101")
    assert exchange.call(phone).direction is Direction.INTERNAL

    exchange.dial(phone, "PJSIP/trunk", number="101")

    assert exchange.call(phone).direction is Direction.OUTBOUND


def test_an_outbound_call_goes_on_over_a_second_trunk(exchange: Exchange) -> None:
    phone = exchange.agent_dials("1001", "+77015550142")
    first = exchange.dial(phone, "PJSIP/trunk", number="+77015550142")
    exchange.dial_ends(phone, first, "CONGESTION")
    exchange.hangs_up(first, cause=34)
    assert exchange.call(phone).ended_at is None

    second = exchange.dial(phone, "PJSIP/trunk2", number="+77015550142")
    exchange.answers(phone, second)
    exchange.enters("b1", second, phone)
    exchange.passes(9)
    exchange.client_hangs_up(second, phone)

    call = exchange.call(phone)
    assert outcome(call) is Outcome.ANSWERED
    assert (call.talk, call.hangup_cause, call.ended_by) == (seconds(9), 16, EndedBy.CLIENT)


def test_click_to_call_goes_by_our_own_id_from_its_first_event(exchange: Exchange) -> None:
    ours = "0190f5fe-7c00-7a00-8000-0000000000aa"
    phone = exchange.line("PJSIP/1001", uniqueid=ours, linkedid=ours)
    exchange.say("DialBegin", **phone.headers("Dest"))
    exchange.rings(phone)
    assert "LegOffered" not in exchange.told()

    exchange.hangs_up(phone, cause=19)
    exchange.say("OriginateResponse", Response="Failure", Reason="3", Uniqueid="<unknown>", Exten="+77015550142")

    call = exchange.call(ours)
    assert call.direction is Direction.OUTBOUND
    assert [(leg.role, leg.result) for leg in call.legs] == [(LegRole.ORIGINATE, LegResult.NO_ANSWER)]
    assert outcome(call) is Outcome.FAILED


def test_a_talk_that_nobody_asked_to_end_was_ended_by_order_of_a_desk(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()

    exchange.leaves("b1", client, phone)
    exchange.say("SoftHangupRequest", Cause="16", **client.headers())
    exchange.hangs_up(phone, client)

    assert exchange.call(client).ended_by is EndedBy.AGENT


def test_hold_is_no_talk_and_counts_however_often(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    for _ in range(2):
        exchange.passes(10)
        exchange.holds(phone)
        assert exchange.call(client).legs[0].on_hold
        exchange.passes(3)
        exchange.takes_back(phone)
    exchange.passes(10)

    exchange.client_hangs_up(client, phone)

    call = exchange.call(client)
    assert (call.talk, call.hold) == (seconds(30), seconds(6))
    assert exchange.told().count("HoldChanged") == 4


def test_a_client_who_hangs_up_on_hold_was_on_hold_to_the_end(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.passes(10)
    exchange.holds(phone)
    exchange.passes(50)

    exchange.client_hangs_up(client, phone)

    call = exchange.call(client)
    assert (call.talk, call.hold) == (seconds(10), seconds(50))
    assert not call.legs[0].on_hold


def test_a_clock_that_jumps_back_makes_no_negative_time(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()

    exchange.passes(-0.04)
    exchange.client_hangs_up(client, phone)

    call = exchange.call(client)
    assert call.ended_at is not None
    assert call.answered_at is not None
    assert (call.talk, call.hold) == (seconds(0), seconds(0))
    assert call.legs[0].ended_at >= call.legs[0].answered_at


def test_without_timestamps_our_own_clock_tells_the_time() -> None:
    exchange = Exchange(timestamps=False)

    client, phone = exchange.queue_call_answered()
    exchange.passes(5)
    exchange.client_hangs_up(client, phone)

    assert exchange.call(client).started_at == NOON
    assert exchange.call(client).talk == seconds(5)


def test_a_recording_is_named_once_by_its_full_path(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.say("Cdr", UniqueID=client.uniqueid, UserField="2026/09/21/in-1.wav", LastApplication="Queue")
    exchange.passes(-1)

    exchange.say("VarSet", Variable="MIXMONITOR_FILENAME", Value="/monitor/2026/09/21/in-1.wav", **client.headers())
    exchange.say("Cdr", UniqueID=client.uniqueid, UserField="2026/09/21/in-1.wav", LastApplication="Queue")

    (recording,) = exchange.call(client).recordings
    assert recording.file == "/monitor/2026/09/21/in-1.wav"
    assert recording.started_at == exchange.now
    assert exchange.told().count("RecordingStarted") == 2
    exchange.client_hangs_up(client, phone)


def test_where_file_names_are_filtered_out_the_cdr_names_the_recording(exchange: Exchange) -> None:
    client, phone = exchange.queue_call_answered()
    exchange.say("MixMonitorStart", **client.headers())
    started = exchange.now
    exchange.passes(5)
    exchange.client_hangs_up(client, phone)

    exchange.say("Cdr", UniqueID=client.uniqueid, UserField="in-1.wav", LastApplication="Queue")
    exchange.say("Cdr", UniqueID=client.uniqueid, UserField="a remark of the dialplan", LastApplication="Queue")

    assert [(one.file, one.started_at) for one in exchange.call(client).recordings] == [("in-1.wav", started)]


def test_a_caller_taken_by_voicemail_is_known_when_only_the_cdr_says_so(exchange: Exchange) -> None:
    client = exchange.client_calls()
    phone = exchange.dial(client, "PJSIP/1001")
    exchange.dial_ends(client, phone, "BUSY")
    exchange.hangs_up(phone, cause=17)
    exchange.asks_to_hang_up(client)
    exchange.hangs_up(client, cause=17)
    exchange.told()

    exchange.say("Cdr", UniqueID=client.uniqueid, UserField="", LastApplication="VoiceMail")

    assert exchange.told() == ["CallChanged"]
    assert outcome(exchange.call(client)) is Outcome.VOICEMAIL


def test_channels_that_asterisk_makes_for_itself_are_no_calls(exchange: Exchange) -> None:
    exchange.line("Message/ast_msg_queue")
    exchange.line("Recorder/ARI")
    exchange.local_pair("page@inside", "1790000000.77")

    assert exchange.told() == []
    assert exchange.tracker.live_calls() == []


def test_without_trunk_prefixes_short_devices_are_phones_and_the_rest_trunks() -> None:
    exchange = Exchange(CallTracker(PbxDialect(pbx="main"), boot="first"))

    client = exchange.line("SIP/megafon", state="4", number="+77011234567", exten="77272000001")
    phone = exchange.dial(client, "PJSIP/1001")
    exchange.dial(client, "PJSIP/anna")
    exchange.rings(phone)

    call = exchange.call(client)
    assert call.direction is Direction.INBOUND
    assert [leg.extension for leg in call.legs] == ["1001"]


def test_state_only_moves_forward(exchange: Exchange) -> None:
    client = exchange.client_calls()
    states = [exchange.call(client).state]
    exchange.joins_queue(client, "sales")
    states.append(exchange.call(client).state)
    phone = exchange.dial(client, "PJSIP/1001", queue="sales")
    exchange.answers(client, phone)
    exchange.enters("b1", phone, client)
    states.append(exchange.call(client).state)
    exchange.leaves("b1", phone, client)
    exchange.hangs_up(phone)
    exchange.joins_queue(client, "hotline")
    states.append(exchange.call(client).state)
    exchange.hangs_up(client)
    states.append(exchange.call(client).state)

    assert states == [
        InteractionState.OFFERED,
        InteractionState.QUEUED,
        InteractionState.ACTIVE,
        InteractionState.ACTIVE,
        InteractionState.CLOSED,
    ]
