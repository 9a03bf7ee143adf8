"""A sound says of itself what it is and how long; a header that cannot be true is not believed."""

from __future__ import annotations

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telephony.sound_format import HEAD_BYTES, content_type, read_format
from channels.telephony.sound_shelves import places
from crm_core.domain.recordings import PLAYABLE, Encoding


def pcm(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * int(8000 * seconds)))
    return file.getvalue()


def riff(tag: int, bytes_a_second: int, samples: bytes, *, told: int | None = None, before: bytes = b"") -> bytes:
    """A WAV of any kind, with chunks between its format and its samples if wanted."""
    fmt = struct.pack("<HHIIHH", tag, 1, 8000, bytes_a_second, 1, 8)
    length = len(samples) if told is None else told
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(fmt)) + fmt + before + struct.pack("<4sI", b"data", length)
    return b"RIFF" + struct.pack("<I", len(body) + len(samples)) + body + samples


def told(name: str, sound: bytes) -> tuple[Encoding, float | None, bool]:
    found = read_format(name, sound[:HEAD_BYTES], len(sound))
    return found.encoding, found.duration_s, found.is_empty


FACT = struct.pack("<4sII", b"fact", 4, 320)


@pytest.mark.parametrize(
    ("name", "sound", "is_told"),
    [
        ("a.wav", pcm(2.5), (Encoding.PCM, 2.5, False)),
        ("a.wav", pcm(0), (Encoding.PCM, 0.0, True)),
        ("a.WAV", riff(6, 8000, bytes(4000)), (Encoding.ALAW, 0.5, False)),
        ("a.wav", riff(7, 8000, bytes(4000)), (Encoding.ULAW, 0.5, False)),
        ("a.wav", riff(0x31, 1625, bytes(65 * 50), before=FACT), (Encoding.GSM, 2.0, False)),
        ("a.WAV", riff(0x31, 1625, b"", before=FACT), (Encoding.GSM, 0.0, True)),
        ("its recorder was killed.wav", riff(1, 16000, bytes(32000), told=0), (Encoding.PCM, 2.0, False)),
        ("it says more than there is.wav", riff(1, 16000, bytes(8000), told=2**31), (Encoding.PCM, 0.5, False)),
        ("a.gsm", bytes([0xD0]) * 3300, (Encoding.GSM, 2.0, False)),
        ("a.mp3", b"\xff\xfb\x90\x00" * 400, (Encoding.MP3, None, False)),
        ("a.mp3", b"ID3\x03" + bytes(400), (Encoding.MP3, None, False)),
        ("named.wav", b"OggS" + bytes(400), (Encoding.OGG, None, False)),
        ("a.flac", b"fLaC" + bytes(400), (Encoding.FLAC, None, False)),
        ("a.wav", b"not a sound at all", (Encoding.UNKNOWN, None, False)),
        ("a.sln16", bytes(400), (Encoding.UNKNOWN, None, False)),
        ("a.mp3", b"", (Encoding.UNKNOWN, None, True)),
        ("cut off in its header.wav", pcm(1)[:30], (Encoding.UNKNOWN, None, True)),
    ],
)
def test_a_sound_is_known_by_its_first_bytes(
    name: str, sound: bytes, is_told: tuple[Encoding, float | None, bool]
) -> None:
    encoding, seconds, is_empty = told(name, sound)

    assert (encoding, seconds, is_empty) == is_told


def test_a_sound_of_unknown_length_says_its_own() -> None:
    sound = pcm(1.5)

    assert read_format("a.wav", sound[:HEAD_BYTES], None).duration_s == 1.5


@given(st.binary(max_size=200), st.one_of(st.none(), st.integers(0, 2**40)))
def test_nothing_in_a_file_can_make_us_fail(noise: bytes, size: int | None) -> None:
    for head in (noise, b"RIFF\0\0\0\0WAVE" + noise, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + noise):
        found = read_format("a.wav", head, size)
        assert found.duration_s is None or found.duration_s >= 0


def test_browsers_play_what_they_can() -> None:
    assert Encoding.GSM not in PLAYABLE
    assert {Encoding.PCM, Encoding.ALAW, Encoding.ULAW, Encoding.MP3} <= PLAYABLE
    assert (content_type("a.wav49"), content_type("x/a.gsm")) == ("audio/wav", "audio/x-gsm")
    assert content_type("a.exe") == "application/octet-stream"


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("a.wav", ["a.wav"]),
        ("2026/11/a.wav", ["2026/11/a.wav", "11/a.wav", "a.wav"]),
        (
            "/var/spool/asterisk/monitor/2026/a.wav",
            ["2026/a.wav", "var/spool/asterisk/monitor/2026/a.wav", "spool/asterisk/monitor/2026/a.wav",
             "asterisk/monitor/2026/a.wav", "monitor/2026/a.wav", "a.wav"],
        ),
        ("../a.wav", []),
        ("/monitor/../../etc/passwd", []),
        ("a\0.wav", []),
        ("a\r\n.wav", []),
        ("", []),
        ("/", []),
    ],
)  # fmt: skip
def test_a_file_is_looked_for_below_another_root_and_never_above_it(file: str, where: list[str]) -> None:
    assert list(places(file)) == where
