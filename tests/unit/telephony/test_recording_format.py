"""A recording is read as it was written, and what cannot be read says where and why."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telephony.recording_format import (
    About,
    RecordedFrame,
    RecordingUnreadable,
    RecordingWriter,
    load,
    read_frames,
)

ABOUT = About(pbx="main", asterisk="22.10.1", boot="2026-11-21T09:30:00", started_at="…", story="Перезвон.")
RINGING = "Event: Newstate\r\nChanVariable: A=1\r\nChanVariable: B=2\r\nCallerIDName: Айгүл".encode()


def written(*frames: tuple[float, bytes]) -> bytes:
    file = io.BytesIO()
    writer = RecordingWriter(file, ABOUT)
    for at, frame in frames:
        writer.frame(at, frame)
    writer.note(9.0, "link down")
    return file.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_order_and_repetition_of_headers_survive(tmp_path: Path, pack):
    path = tmp_path / "call.ami.jsonl"
    path.write_bytes(pack(written((0.25, RINGING))))

    recording = load(path)

    assert recording.about == ABOUT
    assert recording.frames == (
        RecordedFrame(
            at=0.25,
            headers=(
                ("Event", "Newstate"),
                ("ChanVariable", "A=1"),
                ("ChanVariable", "B=2"),
                ("CallerIDName", "Айгүл"),
            ),
        ),
    )


@pytest.mark.parametrize("broken", [b"Event: Hangup\r\nno header", b"\xff\x00\x01", b"Event: X\r\nName: \xd0"])
def test_a_malformed_frame_is_kept_as_the_bytes_it_was(tmp_path: Path, broken: bytes):
    path = tmp_path / "odd.ami.jsonl"
    path.write_bytes(written((0, RINGING), (1, broken)))

    assert load(path).frames[1] == RecordedFrame(at=1, raw=broken)


def test_a_recorder_that_was_killed_leaves_all_but_its_last_line(tmp_path: Path):
    path = tmp_path / "cut.ami.jsonl"
    path.write_bytes(written((0, RINGING), (1, RINGING))[:-60])

    assert len(load(path).frames) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_plain_ami_bytes_are_read_by_their_own_time(tmp_path: Path, end: str):
    path = tmp_path / "session.ami"
    lines = [
        "Asterisk Call Manager/11.0.0",
        "Response: Success",
        "Message: Authentication accepted",
        "",
        "Event: Newchannel",
        "Timestamp: 1790000000.500000",
        "",
        "Event: Newstate",
        "Timestamp: 1790000002.000000",
        "",
        "Event: DialBegin",
        "Timestamp: 1790000001.990000",
        "",
        "Event: Hangup",
        "",
    ]
    path.write_text(end.join(lines) + end, newline="")

    frames = load(path).frames

    assert [(frame.event or frame.get("Response"), frame.at) for frame in frames] == [
        ("Success", 0.0),
        ("Newchannel", 0.0),
        ("Newstate", 1.5),
        ("DialBegin", 1.5),  # never backwards
        ("Hangup", 1.5),
    ]


def test_frames_can_be_read_one_by_one(tmp_path: Path):
    path = tmp_path / "long.ami.jsonl"
    path.write_bytes(written(*[(at, RINGING) for at in range(100)]))

    frames = read_frames(path)

    assert next(frames).at == 0
    assert sum(1 for _ in frames) == 99


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a recording of ours nor AMI"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "neither a recording of ours nor AMI"),
        (bytes(range(256)) * 20, "neither a recording of ours nor AMI"),
        (b'{"format": "wav"}\n', "does not say format"),
        (b"{nonsense\n", "line 1 is no JSON"),
        (b'{"format": "perezvon-ami", "version": 2}\n', "this program reads version 1"),
        (b'{"format": "perezvon-ami", "version": 1}\n{"at": 0, "headers": [["Event"]]}\n{}\n', "line 2"),
        (b'{"format": "perezvon-ami", "version": 1}\n{"at": "x"}\n{"at": 1}\n', "line 2"),
        (b'{"format": "perezvon-ami", "version": 1}\nnonsense\n{"at": 1}\n', "line 2"),
        (b"\x1f\x8b nonsense", "compression"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path: Path, content: bytes, words: str):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(RecordingUnreadable, match=words):
        load(path)


def test_a_missing_file_says_so(tmp_path: Path):
    with pytest.raises(RecordingUnreadable, match="No such file"):
        load(tmp_path / "missing")


@given(frame=st.binary(max_size=200))
@settings(max_examples=200)
def test_any_frame_can_be_written_and_read_back(tmp_path_factory: pytest.TempPathFactory, frame: bytes):
    path = tmp_path_factory.getbasetemp() / "any.ami.jsonl"
    path.write_bytes(written((0, frame)))

    (read,) = load(path).frames

    if read.raw is not None:
        assert read.raw == frame
    else:
        assert [name for name, _ in read.headers]


def test_all_recordings_of_the_laboratory_are_read():
    fixtures = sorted((Path(__file__).parents[2] / "fixtures" / "ami").glob("*.ami.jsonl*"))

    for path in fixtures:
        assert any(frame.event == "Newchannel" for frame in read_frames(path)), path.name
