"""A PBX that speaks nonsense: the tracker counts it and goes on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.alive import Alive
from channels.telephony.tracking.board import Board
from channels.telephony.tracking.reader import Reader
from tests.unit.telephony.exchange import DIALECT, NOON, Exchange, seconds

EVENTS = sorted(Reader(Board(DIALECT)).events)
PREFIXES = ("", "Dest", "Transferee", "OrigTransferer", "SecondTransferer", "TransferTarget")
CHANNEL_HEADERS = ("Channel", "Uniqueid", "Linkedid", "ChannelState", "CallerIDNum", "Exten", "ConnectedLineNum")
OTHER_HEADERS = (
    "Timestamp", "BridgeUniqueid", "BridgeId", "Queue", "DialStatus", "DialString", "Cause", "Reason", "Result",
    "Variable", "Value", "Newname", "UniqueID", "UserField", "LastApplication", "Application", "Duration", "Wait",
)  # fmt: skip
HEADERS = ("Event", *(prefix + name for prefix in PREFIXES for name in CHANNEL_HEADERS), *OTHER_HEADERS)

#: Values that mean something somewhere, so that nonsense meets real channels.
TELLING = (
    "1.1", "1.2", "1.3", "ours", "PJSIP/trunk-00000001", "PJSIP/1001-00000002", "PJSIP/1001-00000002<MASQ>",
    "PJSIP/1002-00000003", "Local/1@x-1;1", "Local/1@x-1;2", "4", "5", "6", "s", "+77011234567", "anonymous", "b1",
    "b2", "sales", "ANSWER", "CANCEL", "Success", "MIXMONITOR_FILENAME", "a.wav", "VoiceMail", "<unknown>", "", "0",
    "nan", "inf", "-1", "1e400", "99999999999999999999", "1790000000.5", "12:34:56", "²", "\u0000", "${SHELL(id)}",
)  # fmt: skip

values = st.sampled_from(TELLING) | st.text(max_size=8)
nonsense = st.fixed_dictionaries(
    {"Event": st.sampled_from(EVENTS)},
    optional={header: values for header in HEADERS if header != "Event"},
)


@settings(deadline=None, max_examples=300)
@given(said=st.lists(nonsense, max_size=40), listed=st.lists(nonsense, max_size=4))
def test_no_event_whatever_it_holds_stops_the_tracker(said: list[dict[str, str]], listed: list[dict[str, str]]) -> None:
    tracker = CallTracker(DIALECT, boot="first")

    for event in said:
        for news in tracker.feed(event, NOON):
            tracker.snapshot(news.linkedid)
    tracker.resync(Alive(channels=tuple(listed), queue_callers=tuple(listed)), NOON + seconds(5))

    for linkedid in tracker.live_calls():
        call = tracker.snapshot(linkedid)
        assert call.talk >= seconds(0)
        assert call.hold >= seconds(0)


@given(event=st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_headers_of_no_sense_mean_nothing(event: dict[str, str]) -> None:
    assert CallTracker(DIALECT, boot="first").feed(event, NOON) == []


@pytest.mark.parametrize("timestamp", ["yesterday", "nan", "-1", "1e400", "253402300800", ""])
def test_a_timestamp_of_no_time_is_counted_and_our_clock_believed(timestamp: str) -> None:
    exchange = Exchange(timestamps=False)

    exchange.say("Newchannel", Timestamp=timestamp, Channel="PJSIP/trunk-1", Uniqueid="1.1", Linkedid="1.1")

    assert exchange.call("1.1").started_at == NOON
    assert exchange.tracker.anomalies == {"timestamp of no time": 1}


def test_an_event_that_names_no_channel_is_counted() -> None:
    exchange = Exchange()

    exchange.say("Newchannel", Channel="PJSIP/trunk-00000001")
    exchange.say("DialBegin", Channel="PJSIP/trunk-00000001")

    assert exchange.tracker.anomalies == {"event of no channel": 1, "dial of no channel": 1}
