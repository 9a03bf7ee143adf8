"""The lines of a growing log that belong to a stretch of time, found without reading the rest.

Such a file may hold years. Its lines are in the order in which they were
written, so the first wanted one is found by bisection; what was rotated away
meanwhile is looked for beside it. A line that is half written, or makes no
sense, is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from channels.telephony.history.records import MOST_ROWS, HistoryUnreadable

#: Bisection ends here: a piece this small is simply read.
_PIECE = 64 * 1024

#: What moment a line speaks of, in seconds; None for a line that makes no sense.
Tells = Callable[[str], float | None]


def lines_between(path: Path, since: float, until: float, tells: Tells, *, disorder_s: float) -> Iterator[str]:
    """The whole lines of ``since ≤ moment ≤ until``, oldest file first.

    ``disorder_s`` is how much later than its moment a line may have been written.

    Raises:
        HistoryUnreadable: the file is missing, may not be read, or holds too much of that time.
    """
    try:
        wanted = (line for one in (*_rotated(path, since), path) for line in _of(one, since, until, tells, disorder_s))
        for count, line in enumerate(wanted):
            if count >= MOST_ROWS:
                raise HistoryUnreadable(f"{path.name} holds more than {MOST_ROWS} rows of this time")
            yield line
    except OSError as error:
        raise HistoryUnreadable(f"{path.name} cannot be read: {error.strerror or error}") from error


def last_lines(path: Path) -> list[str]:
    """Whole lines from the end of the file, to see what they look like.

    Raises:
        HistoryUnreadable: the file is missing, or may not be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            return list(_lines_from(file, max(size - _PIECE, 0)))
    except OSError as error:
        raise HistoryUnreadable(f"{path.name} cannot be read: {error.strerror or error}") from error


def _rotated(path: Path, since: float) -> list[Path]:
    """Older pieces of the same log in which something was written since then."""
    pieces = ((one.stat().st_mtime, one) for one in path.parent.glob(f"{path.name}[.-]*") if one.suffix != ".gz")
    return [one for written, one in sorted(pieces) if written >= since]


def _of(path: Path, since: float, until: float, tells: Tells, disorder_s: float) -> Iterator[str]:
    with path.open("rb") as file:
        yield from _wanted(file, since, until, tells, disorder_s)


def _wanted(file: BinaryIO, since: float, until: float, tells: Tells, disorder_s: float) -> Iterator[str]:
    for line in _lines_from(file, _start(file, since, tells)):
        at = tells(line)
        if at is None:
            continue
        if at > until + disorder_s:
            return
        if since <= at <= until:
            yield line


def _start(file: BinaryIO, since: float, tells: Tells) -> int:
    """A place before the first line of ``since``, and not far before it."""
    early, late = 0, file.seek(0, 2)
    while late - early > _PIECE:
        middle = (early + late) // 2
        at = next((at for line in _lines_from(file, middle, late) if (at := tells(line)) is not None), None)
        if at is not None and at < since:
            early = middle
        else:
            late = middle
    return early


def _lines_from(file: BinaryIO, place: int, end: int | None = None) -> Iterator[str]:
    """Whole lines after ``place``; one that ``place`` cuts is left out, and one without its end as well."""
    file.seek(max(place - 1, 0))
    if place:
        file.readline()
    while end is None or file.tell() < end:
        line = file.readline()
        if not line.endswith(b"\n"):
            return
        yield line.decode("utf-8", "replace").rstrip("\r\n")
