"""Events on disk, in order, until somebody has read them: append-only segments of checked records.

A record is its length, a checksum and JSON. What a crash tore off at the end of
a segment is recognised and left out; everything before it is whole. Nothing
here knows the event loop: all of it may block, and is called from a thread.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import orjson

from channels.telephony.frames import Event

SEGMENT_BYTES = 4 * 1024 * 1024

_SUFFIX = ".spool"
_PREFIX_OF_RECORD = struct.Struct("<II")  # length of the JSON, its CRC-32
#: Between two starts there is room to put older events before the newer ones on disk.
_FIRST_SEGMENT = 1_000_000_000


class Arrival(NamedTuple):
    """An event and when we heard it."""

    at: datetime
    event: Event


class Spool:
    """A directory of segments; the oldest is read whole and removed, the newest is written."""

    def __init__(self, directory: Path, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        directory.mkdir(parents=True, exist_ok=True)
        self._sizes = {
            int(path.stem): path.stat().st_size
            for path in sorted(directory.glob(f"*{_SUFFIX}"))
            if path.stem.isdecimal()
        }
        self.failure: str | None = None  # of the last append
        self._writing: int | None = None  # a segment found at the start is never written to again

    @property
    def size_bytes(self) -> int:
        """What lies on disk."""
        return sum(self._sizes.values())

    @property
    def is_empty(self) -> bool:
        """Nothing waits here."""
        return not self._sizes

    def append(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """Put these at the end, safe from a power cut when this returns.

        Gives back those that found no room; ``failure`` then says whether it was the disk's fault.
        """
        waiting = list(arrivals)
        written = 0
        self.failure = None
        while written < len(waiting) and (chunk := self._next_chunk(waiting[written:])):
            try:
                self._write(self._open_segment(), b"".join(chunk))
            except OSError as failure:
                self.failure = failure.strerror or repr(failure)
                break
            written += len(chunk)
        return waiting[written:]

    def prepend(self, arrivals: Iterable[Arrival]) -> None:
        """Put these before everything else, however much lies here already.

        Raises:
            OSError: the disk failed; none of them was written.
        """
        content = b"".join(map(_record, arrivals))
        if content:
            self._write(min(self._sizes, default=_FIRST_SEGMENT) - 1, content)

    def read_oldest(self) -> list[Arrival]:
        """All whole records of the oldest segment; writing goes on in another one."""
        oldest = min(self._sizes)
        if oldest == self._writing:
            self._writing = None
        return _records(self._path(oldest).read_bytes())

    def remove_oldest(self) -> None:
        """Forget the segment that was read."""
        oldest = min(self._sizes)
        self._path(oldest).unlink(missing_ok=True)
        del self._sizes[oldest]

    def _next_chunk(self, waiting: list[Arrival]) -> list[bytes]:
        """As many records as one segment and the whole directory take."""
        filled = self._sizes.get(self._writing, 0) if self._writing is not None else 0
        room = min(self._segment_bytes - filled % self._segment_bytes, self._max_bytes - self.size_bytes)
        chunk: list[bytes] = []
        for arrival in waiting:
            record = _record(arrival)
            room -= len(record)
            if room < 0 and (chunk or self.size_bytes + len(record) > self._max_bytes):
                break
            chunk.append(record)
        return chunk

    def _open_segment(self) -> int:
        if self._writing is None or self._sizes.get(self._writing, 0) >= self._segment_bytes:
            self._writing = max(self._sizes, default=_FIRST_SEGMENT - 1) + 1
        return self._writing

    def _write(self, segment: int, content: bytes) -> None:
        size = self._sizes.get(segment, 0)
        with self._path(segment).open("ab", buffering=0) as file:
            try:
                _write_all(file, content)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)  # whatever comes after a torn record could not be read
                raise
        self._sizes[segment] = size + len(content)
        if size == 0:
            self._sync_directory()

    def _sync_directory(self) -> None:
        """A new file is only there after a power cut when its directory was written too."""
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _path(self, segment: int) -> Path:
        return self._directory / f"{segment:012d}{_SUFFIX}"


def _write_all(file: io.RawIOBase, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _record(arrival: Arrival) -> bytes:
    content = orjson.dumps([arrival.at.timestamp(), arrival.event])
    return _PREFIX_OF_RECORD.pack(len(content), zlib.crc32(content)) + content


def _records(segment: bytes) -> list[Arrival]:
    arrivals: list[Arrival] = []
    position = 0
    while position + _PREFIX_OF_RECORD.size <= len(segment):
        length, checksum = _PREFIX_OF_RECORD.unpack_from(segment, position)
        position += _PREFIX_OF_RECORD.size
        content = segment[position : position + length]
        if len(content) < length or zlib.crc32(content) != checksum:
            break
        position += length
        at, event = orjson.loads(content)
        arrivals.append(Arrival(datetime.fromtimestamp(at, UTC), event))
    return arrivals
