"""A recording without end, in a directory: segments of one size, the oldest thrown away in time.

Every segment is a recording by itself with the same first line, so that its
seconds go on where the one before stopped; a closed one is compressed. A
killed recorder leaves its last segment as it was, less half a line at most.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import IO, Self

from channels.telephony.recording_format import SEGMENT_SUFFIX, About, RecordedFrame, RecordingWriter, segments_of
from config.sections import PbxSettings

#: A directory is held in about so many segments: what is thrown away at once is a small part of it.
_PARTS = 16
_SMALLEST_SEGMENT = 4096
#: A compressed copy while it is being made; a leftover is made anew or thrown away.
_HALF_ZIPPED = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the past is kept; None: as much as there is."""

    size_bytes: int | None = None
    age: timedelta | None = None

    @classmethod
    def of(cls, pbx: PbxSettings) -> Self | None:
        """What the settings ask for; None: no recorder."""
        if pbx.recorder_bytes is None and pbx.recorder_days is None:
            return None
        age = timedelta(days=pbx.recorder_days) if pbx.recorder_days else None
        return cls(size_bytes=pbx.recorder_bytes, age=age)

    @property
    def segment_bytes(self) -> int:
        """What one segment may grow to before it is compressed, which makes it ten times smaller."""
        return max((self.size_bytes or 512 * 2**20) // _PARTS, _SMALLEST_SEGMENT)

    @property
    def segment_age(self) -> timedelta:
        return (self.age or timedelta(days=_PARTS)) / _PARTS


class SegmentedWriter:
    """Writes like a :class:`RecordingWriter`, into a directory. Compressing takes a while: flush it in a thread."""

    def __init__(self, folder: Path, about: About, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._about = about
        self._limits = limits
        self._numbers = count(1)
        self._begun = datetime.fromisoformat(about.started_at)
        self._opened_at = datetime.now(UTC)
        self._path, self._file, self._writer = self._open()
        for leftover in folder.glob(f"*{_HALF_ZIPPED}"):
            leftover.unlink(missing_ok=True)
        self._keep_within_limits()

    def frame(self, at: float, frame: bytes) -> None:
        self._writer.frame(at, frame)

    def recorded(self, frame: RecordedFrame) -> None:
        self._writer.recorded(frame)

    def note(self, at: float, note: str) -> None:
        self._writer.note(at, note)

    def flush(self) -> None:
        """Hand everything to the operating system; a full segment is closed, and the oldest may go."""
        self._writer.flush()
        now = datetime.now(UTC)
        if self._file.tell() >= self._limits.segment_bytes or now - self._opened_at >= self._limits.segment_age:
            self._close_segment()
            self._opened_at = now
            self._path, self._file, self._writer = self._open()
            self._keep_within_limits()

    def close(self) -> None:
        self._close_segment()
        self._keep_within_limits()

    def _open(self) -> tuple[Path, IO[bytes], RecordingWriter]:
        # Their names in order are the order in which they were written, over several runs too.
        name = f"{self._begun:%Y%m%dT%H%M%S%f}-{next(self._numbers):06d}{SEGMENT_SUFFIX}"
        path = self._folder / name
        file = path.open("xb")
        return path, file, RecordingWriter(file, self._about)

    def _close_segment(self) -> None:
        self._file.close()
        half = self._path.with_name(f"{self._path.name}{_HALF_ZIPPED}")
        with self._path.open("rb") as plain, gzip.open(half, "wb", compresslevel=6) as zipped:
            shutil.copyfileobj(plain, zipped)
        half.rename(self._path.with_name(f"{self._path.name}.gz"))
        self._path.unlink()

    def _keep_within_limits(self) -> None:
        kept = [(path, path.stat()) for path in segments_of(self._folder) if path != self._path]
        # What is being written may grow to its full size before the next look.
        size = sum(stat.st_size for _, stat in kept) + self._limits.segment_bytes
        for path, stat in kept:
            is_old = self._limits.age is not None and _age(stat.st_mtime) > self._limits.age
            if not is_old and (self._limits.size_bytes is None or size <= self._limits.size_bytes):
                return
            path.unlink(missing_ok=True)
            size -= stat.st_size


def _age(mtime: float) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(mtime, UTC)
