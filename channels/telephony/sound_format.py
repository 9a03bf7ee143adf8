"""What a file of sound is, read from its first bytes: how it is written down, and how long it lasts.

Asterisk writes WAV with 16-bit samples, with GSM in it (``wav49``), or plain
A-law and µ-law; other files are known by their beginning or by their name.
A header is only believed where it agrees with the size of the file: a
recorder that was killed never came to write the true length down.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from crm_core.domain.recordings import Encoding

#: Enough for every header with the odd remark in it.
HEAD_BYTES = 4096

_WAV_TAGS = {1: Encoding.PCM, 6: Encoding.ALAW, 7: Encoding.ULAW, 0x31: Encoding.GSM, 0xFFFE: Encoding.PCM}
_SUFFIXES = {
    ".wav": Encoding.PCM,
    ".wav49": Encoding.GSM,
    ".gsm": Encoding.GSM,
    ".mp3": Encoding.MP3,
    ".ogg": Encoding.OGG,
    ".opus": Encoding.OGG,
    ".flac": Encoding.FLAC,
}
_CONTENT_TYPES = {
    Encoding.PCM: "audio/wav",
    Encoding.ALAW: "audio/wav",
    Encoding.ULAW: "audio/wav",
    Encoding.MP3: "audio/mpeg",
    Encoding.OGG: "audio/ogg",
    Encoding.FLAC: "audio/flac",
    Encoding.GSM: "audio/x-gsm",
    Encoding.UNKNOWN: "application/octet-stream",
}
#: Raw GSM, as Asterisk's ``.gsm`` is: 33 bytes for 20 ms.
_GSM_BYTES_A_SECOND = 1650
#: What a WAV without a sound may hold: header, and the `fact` chunk of GSM.
_RIFF_HEADER = 12
_CHUNK_HEADER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFormat:
    """``duration_s`` is None where only playing it would tell."""

    encoding: Encoding
    duration_s: float | None
    is_empty: bool


def content_type(name: str) -> str:
    """By the name alone, for a file nobody looked into."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".wav49":
        return "audio/wav"
    return _CONTENT_TYPES[_SUFFIXES.get(suffix, Encoding.UNKNOWN)]


def read_format(name: str, head: bytes, size: int | None) -> SoundFormat:
    """What the file is, by its first bytes; ``size`` None: its keeper does not say how long it is."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wav(head, size)
    if size == 0 or not head:
        return SoundFormat(encoding=Encoding.UNKNOWN, duration_s=None, is_empty=True)
    encoding = _by_beginning(head) or _SUFFIXES.get(PurePosixPath(name).suffix.lower(), Encoding.UNKNOWN)
    if encoding is Encoding.PCM:  # it is called .wav and is none
        encoding = Encoding.UNKNOWN
    is_raw_gsm = encoding is Encoding.GSM and size is not None
    seconds = round(size / _GSM_BYTES_A_SECOND, 3) if is_raw_gsm and size else None
    return SoundFormat(encoding=encoding, duration_s=seconds, is_empty=False)


def _by_beginning(head: bytes) -> Encoding | None:
    if head.startswith(b"OggS"):
        return Encoding.OGG
    if head.startswith(b"fLaC"):
        return Encoding.FLAC
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return Encoding.MP3
    return None


def _wav(head: bytes, size: int | None) -> SoundFormat:
    """Walk the chunks to the samples: what stands before them says how they are written down."""
    encoding, bytes_a_second = Encoding.UNKNOWN, 0
    place = _RIFF_HEADER
    while place + _CHUNK_HEADER <= len(head):
        kind, length = struct.unpack_from("<4sI", head, place)
        body = place + _CHUNK_HEADER
        if kind == b"fmt " and body + 16 <= len(head):
            tag, _, _, bytes_a_second = struct.unpack_from("<HHII", head, body)
            encoding = _WAV_TAGS.get(tag, Encoding.UNKNOWN)
        elif kind == b"data":
            samples = length if size is None else min(size - body, length or size)
            # Zero, or more than there is: its recorder did not come to write the length down.
            seconds = round(samples / bytes_a_second, 3) if bytes_a_second else None
            return SoundFormat(encoding=encoding, duration_s=seconds, is_empty=samples <= 0)
        place = body + length + length % 2
    is_cut_off = size is not None and size <= len(head)
    return SoundFormat(encoding=encoding, duration_s=None, is_empty=is_cut_off)
