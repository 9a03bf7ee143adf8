"""The books of one PBX, as its settings name them: files beside it, or tables of a database.

Files are read in a thread, and only the wanted stretch of them. A book that
cannot be read is told, and keeps nobody from reading the others.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from channels.telephony.history import tables
from channels.telephony.history.columns import (
    CDR_LAYOUTS,
    CEL_LAYOUTS,
    Cells,
    cdr_row,
    cel_row,
    cells_of,
    find_layout,
    offset_in,
    offset_of,
    queue_line,
)
from channels.telephony.history.lines import last_lines, lines_between
from channels.telephony.history.records import CdrRow, CelRow, History, HistoryUnreadable, QueueLine
from config.sections import PbxSettings

Row = TypeVar("Row", CelRow, CdrRow)
Any_Row = TypeVar("Any_Row", CelRow, CdrRow, QueueLine)

#: Asterisk writes in batches, and a CDR only when its channel is gone.
_DISORDER_S = 600.0
#: A zone may have changed its clocks between now and then.
_CLOCK_CHANGE_S = 3700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the books gave, which of them, and why the others gave nothing."""

    history: History
    sources: tuple[str, ...]  # of "cel", "cdr", "queue_log"
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book(Generic[Row]):
    """How one kind of book looks."""

    name: str
    table: str
    layouts: tuple[tuple[str, ...], ...]
    born: tuple[str, ...]  # the columns that tell when the Uniqueid's channel was made; the first that is there
    row: Callable[[Cells, int], Row | None]
    moment: Callable[[Row], float]


_CEL: _Book[CelRow] = _Book(
    name="CEL",
    table="cel",
    layouts=CEL_LAYOUTS,
    born=("eventtime",),
    row=cel_row,
    moment=lambda row: row.at,
)
_CDR: _Book[CdrRow] = _Book(
    name="CDR",
    table="cdr",
    layouts=CDR_LAYOUTS,
    born=("start", "calldate"),
    row=cdr_row,
    moment=lambda row: row.end,
)


def are_kept(pbx: PbxSettings) -> bool:
    """Is there a book that tells of calls; queue_log alone names no phone."""
    return pbx.cel_url is not None or pbx.cdr_url is not None


async def look_up(pbx: PbxSettings, *, since: float, until: float) -> Findings:
    """What the books hold of that stretch, in seconds since the epoch."""
    sources: list[str] = []
    failures: list[str] = []

    async def tried(name: str, reading: Awaitable[Sequence[Any_Row]]) -> tuple[Any_Row, ...]:
        try:
            rows = tuple(await reading)
        except HistoryUnreadable as unreadable:
            failures.append(str(unreadable))
            return ()
        sources.append(name)
        return rows

    history = History(
        cel=await tried("cel", _read(_CEL, pbx.cel_url, since, until)) if pbx.cel_url else (),
        cdr=await tried("cdr", _read(_CDR, pbx.cdr_url, since, until)) if pbx.cdr_url else (),
        queue_log=await tried("queue_log", _read_queue_log(pbx.queue_log, since, until)) if pbx.queue_log else (),
    )
    return Findings(history=history, sources=tuple(sources), failures=tuple(failures))


async def _read(book: _Book[Row], url: str, since: float, until: float) -> list[Row]:
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    zone = ZoneInfo(options["timezone"]) if "timezone" in options else None
    # Local dates are compared only when it is known which local: until then a little more is taken.
    early, late = since - _CLOCK_CHANGE_S, until + _CLOCK_CHANGE_S
    if parts.scheme == "file":
        columns = options.get("columns")
        layout = tuple(columns.split(",")) if columns else None
        path = Path(unquote(parts.path))
        cells = await asyncio.to_thread(_csv_cells, book, path, layout, zone, early, late)
    else:
        cells = await tables.read(url, book.table, book.born, early, late)
    offset_s = _offset(book, cells, zone, since)
    rows = (book.row(one, offset_s) for one in cells)
    return [row for row in rows if row is not None and since <= book.moment(row) <= until]


def _csv_cells(
    book: _Book[Row], path: Path, layout: tuple[str, ...] | None, zone: ZoneInfo | None, since: float, until: float
) -> list[Cells]:
    sample = [row for row in csv.reader(last_lines(path)) if row]
    if not sample:
        return []
    known = layout or find_layout(sample, book.layouts, book.name)
    fitting = [cells_of(row, known) for row in sample if len(row) == len(known)]
    if not any(book.row(cells, 0) for cells in fitting):
        raise HistoryUnreadable(f"the columns of {path.name} are not those of a {book.name}")
    offset_s = _offset(book, fitting, zone, since)

    def tells(line: str) -> float | None:
        [row] = csv.reader([line])
        if len(row) != len(known):
            return None
        found = book.row(cells_of(row, known), offset_s)
        return None if found is None else book.moment(found)

    lines = lines_between(path, since, until, tells, disorder_s=_DISORDER_S)
    return [cells_of(row, known) for row in csv.reader(lines) if row]


def _offset(book: _Book[Row], cells: Sequence[Cells], zone: ZoneInfo | None, at: float) -> int:
    """By how many seconds this book's dates run before UTC."""
    if zone is not None:
        return offset_in(zone, at)
    return next((found for date in book.born if (found := offset_of(cells, date)) is not None), 0)


async def _read_queue_log(path: Path, since: float, until: float) -> list[QueueLine]:
    def tells(text: str) -> float | None:
        line = queue_line(text)
        return None if line is None else line.at

    def read() -> list[QueueLine]:
        # Its seconds are cut off, not rounded.
        found = map(queue_line, lines_between(path, since - 1, until, tells, disorder_s=_DISORDER_S))
        return [line for line in found if line is not None]

    return await asyncio.to_thread(read)
