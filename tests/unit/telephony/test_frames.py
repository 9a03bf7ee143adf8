"""Bytes become frames and events, however the network cuts them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from panoramisk.ami_protocol import AMIProtocol

from channels.telephony.frames import (
    Event,
    EventParser,
    FrameCounts,
    FrameCutter,
    MalformedFrame,
    read_headers,
    values,
)


def frame(*headers: tuple[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"


RINGING = frame(
    ("Event", "Newstate"),
    ("Privilege", "call,all"),
    ("Channel", "PJSIP/1001-0000002a"),
    ("ChannelStateDesc", "Ringing"),
    ("CallerIDName", "Айгүл Нұрланова"),
    ("AccountCode", ""),
    ("Uniqueid", "1790000000.12"),
)
STREAM = RINGING + frame(("Event", "RTCPSent"), ("SSRC", "0x1")) + frame(("Event", "Hangup"), ("Cause", "16")) + RINGING


class Ear:
    """A cutter and a parser, as a connection has them."""

    def __init__(self, *, limit: int = 4096) -> None:
        self.counts = FrameCounts()
        self.malformed: list[MalformedFrame] = []
        self.cutter = FrameCutter(limit=limit, counts=self.counts, on_malformed=self.malformed.append)
        self.parser = EventParser(counts=self.counts, on_malformed=self.malformed.append)

    def hear(self, *reads: bytes) -> list[Event]:
        frames = [frame for read in reads for frame in self.cutter.feed(read)]
        return [event for frame in frames if (event := self.parser.parse(frame)) is not None]


def test_wanted_events_become_dictionaries_and_others_are_passed_over():
    ear = Ear()

    events = ear.hear(STREAM)

    assert [event["Event"] for event in events] == ["Newstate", "Hangup", "Newstate"]
    assert events[0]["CallerIDName"] == "Айгүл Нұрланова"
    assert events[0]["AccountCode"] == ""
    assert events[0] == events[2]
    assert ear.counts == FrameCounts(wanted=3, unwanted=1)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_a_stream_cut_anywhere_gives_the_same_events(cuts: list[int]):
    edges = [0, *sorted(cuts), len(STREAM)]
    reads = [STREAM[start:end] for start, end in itertools.pairwise(edges)]

    assert Ear().hear(*reads) == Ear().hear(STREAM)


def test_a_stream_cut_at_every_byte_gives_the_same_events_where_panoramisk_loses_characters():
    whole = Ear().hear(STREAM)

    ours = [Ear().hear(STREAM[:cut], STREAM[cut:]) for cut in range(len(STREAM))]
    theirs = [_names_heard_by_panoramisk(RINGING[:cut], RINGING[cut:]) for cut in range(len(RINGING))]

    assert all(events == whole for events in ours)
    assert any(name != "Айгүл Нұрланова" for name in theirs), "panoramisk was mended: this reason is gone"


AWKWARD_HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Channel", "ChanVariable", "Exten", "AppData", "X-Odd"]),
        st.sampled_from(["", " ", "a: b", "a:b", ":", "ünï", "tail\r", "Event: Hangup", '"q" \\', "\n", "x" * 40]),
    ),
    max_size=8,
)


@given(frames=st.lists(AWKWARD_HEADERS, min_size=1, max_size=6))
def test_the_quick_way_and_the_slow_way_of_reading_agree(frames: list[list[tuple[str, str]]]):
    ear = Ear()

    events = [ear.hear(frame(("Event", "Hangup"), *headers)) for headers in frames]

    for headers, (event,) in zip(frames, events, strict=True):
        for name in {name for name, _ in headers}:
            assert event[name] == "\n".join(value for given_name, value in headers if given_name == name)


def test_values_of_a_repeated_header_are_all_kept():
    (event,) = Ear().hear(
        frame(("Event", "Newchannel"), ("ChanVariable", "A=1"), ("ChanVariable", "B="), ("Exten", "s"))
    )

    assert values(event, "ChanVariable") == ["A=1", "B="]
    assert values(event, "Exten") == ["s"]
    assert values(event, "Missing") == []


def test_the_name_of_an_event_need_not_come_first():
    ear = Ear()

    events = ear.hear(
        frame(("Privilege", "call,all"), ("Event", "Hangup"), ("Cause", "17")),
        frame(("Privilege", "call,all"), ("Event", "TestEvent"), ("State", "x")),
    )

    assert events == [{"Privilege": "call,all", "Event": "Hangup", "Cause": "17"}]
    assert (ear.counts.unwanted, ear.counts.malformed) == (1, 0)


def test_of_the_floods_only_the_useful_frames_are_read():
    ear = Ear()

    events = ear.hear(
        frame(("Event", "VarSet"), ("Variable", "DIALSTATUS"), ("Value", "ANSWER")),
        frame(("Event", "VarSet"), ("Variable", "MIXMONITOR_FILENAME"), ("Value", "/var/spool/a.wav")),
        frame(("Event", "Newexten"), ("Application", "NoOp")),
        frame(("Event", "Newexten"), ("Application", "VoiceMail"), ("AppData", "105@default,u")),
    )

    assert [event["Event"] for event in events] == ["VarSet", "Newexten"]
    assert events[0]["Value"] == "/var/spool/a.wav"


def test_a_line_without_a_colon_is_reported_whole_and_the_rest_of_the_event_is_used():
    ear = Ear()
    broken = b"Event: Hangup\r\nthis is no header\r\nCause: 16"

    events = ear.hear(broken + b"\r\n\r\n" + RINGING)

    assert events[0] == {"Event": "Hangup", "Cause": "16"}
    assert events[1]["Event"] == "Newstate"
    assert ear.malformed == [MalformedFrame(raw=broken, reason="a line without a colon")]


def test_a_frame_that_is_nothing_is_kept_whole_and_reported():
    ear = Ear()

    events = ear.hear(b"\xff\xfe\x00garbage\r\nmore\r\n\r\n" + RINGING)

    assert len(events) == 1
    assert ear.malformed == [
        MalformedFrame(raw=b"\xff\xfe\x00garbage\r\nmore", reason="neither an event nor a response")
    ]


def test_bytes_that_are_no_utf8_spoil_only_themselves():
    (event,) = Ear().hear(b"Event: Hangup\r\nCallerIDName: \xd0\r\nCause: 16\r\n\r\n")

    assert event == {"Event": "Hangup", "CallerIDName": "�", "Cause": "16"}


def test_a_nul_becomes_a_sign_that_a_database_can_hold():
    slowly, quickly = Ear().hear(2 * b"Event: Newchannel\r\nCallerIDName: Anna\0\r\nUniqueid: 1.1\r\n\r\n")

    assert slowly == quickly == {"Event": "Newchannel", "CallerIDName": "Anna\ufffd", "Uniqueid": "1.1"}


@given(length=st.integers(4000, 9000), piece=st.integers(1, 6000))
def test_an_overlong_frame_is_skipped_and_counted_and_what_follows_is_heard(length: int, piece: int):
    overlong = frame(("Event", "Hangup"), ("AppData", "x" * length))
    stream = RINGING + overlong + RINGING
    reads = [stream[start : start + piece] for start in range(0, len(stream), piece)]
    ear = Ear(limit=4096)

    events = ear.hear(*reads)

    is_overlong = len(overlong) - len(b"\r\n\r\n") > 4096
    assert [event["Event"] for event in events if "AppData" not in event] == ["Newstate", "Newstate"]
    assert ear.counts.oversized == len(ear.malformed) == int(is_overlong)
    assert len(events) == (2 if is_overlong else 3)


def test_an_endless_frame_takes_no_memory():
    ear = Ear(limit=4096)

    events = ear.hear(*[b"Event: Hangup\r\nX: "], *[b"x" * 1000] * 1000)

    assert events == []
    assert len(ear.cutter.unfinished) < 10
    assert ear.counts.oversized == 1


def test_headers_keep_their_order_and_repetition_for_the_recorder():
    headers, broken = read_headers(b"Event: VarSet\r\nB: 2\r\nA: 1\r\nB: 3\r\nnonsense")

    assert headers == [("Event", "VarSet"), ("B", "2"), ("A", "1"), ("B", "3")]
    assert broken == ["nonsense"]


def _names_heard_by_panoramisk(*reads: bytes) -> str:
    class Listener:
        name = ""
        save_stream = None

        def dispatch(self, message: dict[str, str]) -> None:
            self.name = message["CallerIDName"]

    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.version, protocol.encoding, protocol.factory = "11", "utf8", Listener()
    for read in reads:
        protocol.data_received(read)
    return protocol.factory.name
