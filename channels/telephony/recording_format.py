"""A recording of what one Asterisk said: a bug report that can be played.

Our own format is lines of JSON, gzipped or not: one about the recording, then
one a frame, with the seconds since the beginning and the headers in the order
they came, repeated ones too. A frame that is not what AMI promises is kept
as the bytes it was. Plain AMI bytes, as ``nc`` or ``tcpdump`` leave them, are
read as well; their ``Timestamp`` headers then say when each event was heard.
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, cast

import orjson

from channels.telephony.frames import BANNER, END_OF_FRAME, EOL, FrameCutter, Header, read_headers
from crm_core.domain.errors import InputRejected

FORMAT = "perezvon-ami"
VERSION = 1
#: How the segments of a recording in a directory are called; closed ones have ``.gz`` after it.
SEGMENT_SUFFIX = ".ami.jsonl"

_GZIP_MAGIC = b"\x1f\x8b"
_READ_BYTES = 64 * 1024
_UNREADABLE = (OSError, EOFError, zlib.error)
_BANNER_LINE = re.compile(re.escape(BANNER) + rb"[^\r\n]*\r\n")


class RecordingUnreadable(InputRejected):
    """This is no recording that can be played."""

    code = "recording_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The first line of a recording; empty for plain AMI bytes, which say nothing of themselves."""

    pbx: str = ""
    asterisk: str = ""  # "22.10.1"
    boot: str = ""  # names the run of Asterisk, "2026-11-21T09:30:00"
    started_at: str = ""  # RFC 3339; the moment of second 0
    story: str = ""  # what happens in it, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFrame:
    """One frame, ``at`` seconds after the recording began; ``raw`` is set when it is malformed, and only then."""

    at: float
    headers: tuple[Header, ...] = ()
    raw: bytes | None = None

    @property
    def event(self) -> str:
        """The name of the event, or nothing."""
        return self.get("Event")

    def get(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next((value for given, value in self.headers if given == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A whole recording in memory."""

    about: About
    frames: tuple[RecordedFrame, ...] = field(repr=False)


def load(path: Path) -> Recording:
    """The whole of a recording: of a file, or of a directory of segments.

    Raises:
        RecordingUnreadable: the file is missing or holds something else.
    """
    if path.is_dir():
        return _joined([load(segment) for segment in segments_of(path)], path)
    with _opened(path) as file:
        about, frames = _read(file, path)
        return Recording(about=about, frames=tuple(frames))


def load_all(paths: Iterable[Path]) -> list[Recording]:
    """Every recording in some files, in the order given; segments of one recording are one.

    Raises:
        RecordingUnreadable: one of the files is missing or holds something else.
    """
    found: dict[object, list[Recording]] = {}
    for number, path in enumerate(paths):
        recording = load(path)
        about = recording.about
        found.setdefault((about.pbx, about.boot, about.started_at) if about.started_at else number, []).append(
            recording
        )
    return [
        one
        if not more
        else Recording(about=one.about, frames=tuple(chain(one.frames, *(part.frames for part in more))))
        for one, *more in found.values()
    ]


def segments_of(folder: Path) -> list[Path]:
    """The segments in a directory, the oldest first."""
    return sorted(path for path in folder.iterdir() if path.name.removesuffix(".gz").endswith(SEGMENT_SUFFIX))


def read_frames(path: Path) -> Iterator[RecordedFrame]:
    """The frames one by one, for recordings that need not fit into memory.

    Raises:
        RecordingUnreadable: the file is missing or holds something else.
    """
    with _opened(path) as file:
        yield from _read(file, path)[1]


def _joined(segments: Sequence[Recording], folder: Path) -> Recording:
    """One after another; a recorder that was started again counts its seconds anew."""
    if not segments:
        raise RecordingUnreadable(f"{folder}: no segment of a recording in it")
    begun = _begun(segments[0].about)
    frames: list[RecordedFrame] = []
    for segment in segments:
        later = _begun(segment.about) - begun
        frames += segment.frames if not later else (replace(frame, at=frame.at + later) for frame in segment.frames)
    return Recording(about=segments[0].about, frames=tuple(frames))


def _begun(about: About) -> float:
    try:
        return datetime.fromisoformat(about.started_at).timestamp()
    except ValueError:
        return 0.0


class RecordingWriter:
    """Writes our format; every line is whole when the file is flushed."""

    def __init__(self, file: IO[bytes], about: About) -> None:
        self._file = file
        self._write({"format": FORMAT, "version": VERSION, **asdict(about)})

    def frame(self, at: float, frame: bytes) -> None:
        """One frame as it came, without the empty line that ended it."""
        headers, broken = read_headers(frame)
        at = round(max(at, 0.0), 6)
        if broken or not headers or not _is_text(frame):
            self._write({"at": at, "raw": base64.b64encode(frame).decode()})
        else:
            self._write({"at": at, "headers": headers})

    def recorded(self, frame: RecordedFrame) -> None:
        """One frame of another recording."""
        if frame.raw is not None:
            self._write({"at": frame.at, "raw": base64.b64encode(frame.raw).decode()})
        else:
            self._write({"at": frame.at, "headers": frame.headers})

    def note(self, at: float, note: str) -> None:
        """A remark between the frames, such as a lost link; players pass it over."""
        self._write({"at": round(max(at, 0.0), 6), "note": note})

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(orjson.dumps(line) + b"\n")


def _is_text(frame: bytes) -> bool:
    try:
        frame.decode()
    except UnicodeDecodeError:
        return False
    return True


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    try:
        with path.open("rb") as file:
            is_zipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        return cast("IO[bytes]", gzip.open(path)) if is_zipped else path.open("rb")
    except OSError as failure:
        raise RecordingUnreadable(f"{path}: {failure.strerror}") from None


def _read(file: IO[bytes], path: Path) -> tuple[About, Iterator[RecordedFrame]]:
    try:
        first = file.readline(_READ_BYTES)
    except _UNREADABLE as failure:
        raise RecordingUnreadable(f"{path}: {failure}") from None
    if first.lstrip().startswith(b"{"):
        return _about(first, path), _json_frames(file, path)
    return About(), _plain_frames(first, file, path)


def _about(line: bytes, path: Path) -> About:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise RecordingUnreadable(f"{path}: line 1 is no JSON") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise RecordingUnreadable(f"{path}: line 1 does not say format {FORMAT!r}")
    if told.get("version") != VERSION:
        raise RecordingUnreadable(f"{path}: version {told.get('version')!r}; this program reads version {VERSION}")
    return About(**{name: str(told.get(name) or "") for name in About.__dataclass_fields__})


def _json_frames(file: IO[bytes], path: Path) -> Iterator[RecordedFrame]:
    lines = _lines(file, path)
    for number, line in enumerate(lines, start=2):
        try:
            told = orjson.loads(line)
            frame = _json_frame(told)
        except (ValueError, TypeError, KeyError):
            if not line.endswith(b"\n") and not next(lines, b""):
                return  # the recorder was killed in the middle of its last line
            raise RecordingUnreadable(f"{path}: line {number} is no frame") from None
        if frame is not None:
            yield frame


def _json_frame(told: dict[str, object]) -> RecordedFrame | None:
    at = told["at"]
    if not isinstance(at, int | float):
        raise TypeError("at")
    raw, headers = told.get("raw"), told.get("headers")
    if isinstance(raw, str):
        return RecordedFrame(at=float(at), raw=base64.b64decode(raw, validate=True))
    if isinstance(headers, list):
        return RecordedFrame(at=float(at), headers=tuple((str(name), str(value)) for name, value in headers))
    return None  # a note, or something a later version says


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except _UNREADABLE as failure:
        raise RecordingUnreadable(f"{path}: {failure}") from None


def _plain_frames(first: bytes, file: IO[bytes], path: Path) -> Iterator[RecordedFrame]:
    """Frames of plain bytes: banners are taken off, and time never goes backwards."""
    begun: float | None = None
    at = 0.0
    is_ami = False
    for frame in _cut(first, file, path):
        headers, broken = read_headers(frame)
        recorded = RecordedFrame(at=at, headers=tuple(headers))
        is_ami = is_ami or bool(recorded.event or recorded.get("Response"))
        stamp = _stamp(recorded.get("Timestamp"))
        if stamp is not None:
            begun = stamp if begun is None else begun
            at = max(at, stamp - begun)
        if broken or not headers:
            yield RecordedFrame(at=at, raw=frame)
        else:
            yield RecordedFrame(at=at, headers=recorded.headers)
    if not is_ami:
        raise RecordingUnreadable(f"{path}: neither a recording of ours nor AMI bytes")


def _cut(first: bytes, file: IO[bytes], path: Path) -> Iterator[bytes]:
    cutter = FrameCutter()
    # Editors and version control turn line ends; a recording is not worth less for that.
    is_turned = not first.endswith(EOL)
    try:
        for data in chain([first], iter(lambda: file.read(_READ_BYTES), b""), [END_OF_FRAME]):
            yield from _without_banners(cutter.feed(data.replace(b"\n", EOL) if is_turned else data))
    except _UNREADABLE as failure:
        raise RecordingUnreadable(f"{path}: {failure}") from None


def _without_banners(frames: list[bytes]) -> Iterator[bytes]:
    for frame in frames:
        sound = _BANNER_LINE.sub(b"", frame.removeprefix(EOL), count=1) if BANNER in frame else frame
        if sound.strip():
            yield sound


def _stamp(text: str) -> float | None:
    try:
        stamp = float(text)
    except ValueError:
        return None
    return stamp if 0 < stamp < 1e11 else None
