"""From the columns of a book to its rows.

A CSV of Asterisk's has no heading: which column is which is told by the
settings (``?columns=``) or found among the usual layouts, by what stands in
them. A table of SQL names its columns itself.

A book that writes dates writes them in the PBX's own time, or in UTC, and does
not say which. But every channel's Uniqueid begins with the second it was made,
so the books are compared with themselves.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from channels.telephony.history.records import CdrRow, CelRow, HistoryUnreadable, Moment, QueueLine
from channels.telephony.tracking.headers import whole_number

Cells = Mapping[str, str]

CEL_EVENTS = frozenset(
    {
        *("CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "APP_START", "APP_END", "LINKEDID_END", "USER_DEFINED"),
        *("BRIDGE_ENTER", "BRIDGE_EXIT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD"),
        *("PARK_START", "PARK_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF"),
    }
)
DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"})


def _layout(columns: str) -> tuple[str, ...]:
    return tuple(columns.split())


#: Layouts of CSV files that are found by themselves; ``_`` is a column nobody reads.
CEL_LAYOUTS = (
    # Asterisk's cel_custom.conf.sample, without and with its last columns.
    _layout(
        "eventtype eventtime cid_name cid_num _ _ cid_dnid exten context channame appname appdata _ _"
        " uniqueid linkedid peer userfield _ extra"
    ),
    _layout(
        "eventtype eventtime cid_name cid_num _ _ cid_dnid exten context channame appname appdata _ _"
        " uniqueid linkedid peer userfield"
    ),
    _layout(
        "eventtype eventtime cid_name cid_num cid_dnid exten context channame appname appdata"
        " uniqueid linkedid peer extra"
    ),
    _layout("linkedid uniqueid eventtype eventtime channame cid_num exten context peer extra"),
)
_MASTER = "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end _ _ disposition _"
CDR_LAYOUTS = (
    # cdr_csv with loguniqueid and loguserfield, as they are and with newcdrcolumns; then cdr_custom's sample.
    _layout(f"{_MASTER} uniqueid userfield"),
    _layout(f"{_MASTER} uniqueid userfield _ linkedid sequence"),
    _layout(f"{_MASTER} uniqueid"),
    _layout(
        "clid src dst dcontext channel dstchannel lastapp lastdata start answer end _ _ disposition"
        " _ accountcode uniqueid userfield"
    ),
    _layout(
        "clid src dst dcontext channel dstchannel lastapp lastdata start answer end _ _ disposition"
        " _ accountcode uniqueid userfield sequence"
    ),
    _layout(
        "clid src dst dcontext channel dstchannel lastapp lastdata start answer end _ _ disposition"
        " uniqueid linkedid sequence userfield"
    ),
    _layout(
        "linkedid uniqueid sequence src dst dcontext channel dstchannel start answer end _ _ disposition userfield"
    ),
)

_ID = re.compile(r"(?:.*-)?(?P<second>\d{9,11})\.\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SECONDS = re.compile(r"\d{9,11}(?:\.\d{1,9})?")
#: Zones differ from UTC by whole quarters of an hour.
_QUARTER_S = 900
#: A Uniqueid and the date beside it are of the same channel's birth only if they are this close to a quarter.
_SAME_BIRTH_S = 120


@dataclass(frozen=True, slots=True)
class Written:
    """A moment as a book writes it; ``is_local`` if its zone is not told."""

    seconds: float
    is_local: bool

    def moment(self, offset_s: int) -> Moment:
        return self.seconds - offset_s if self.is_local else self.seconds


def read_moment(text: str) -> Written | None:
    """``1790000000.123456`` or a date, with or without a zone; None for anything else."""
    if _SECONDS.fullmatch(text):
        return Written(float(text), is_local=False)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return Written(at.replace(tzinfo=at.tzinfo or UTC).timestamp(), is_local=at.tzinfo is None)
    except (OverflowError, ValueError):
        return None


def find_layout(rows: Iterable[Sequence[str]], layouts: Iterable[tuple[str, ...]], what: str) -> tuple[str, ...]:
    """The first layout that these rows make sense in.

    Raises:
        HistoryUnreadable: none of them.
    """
    some = list(rows)
    makes_sense = _is_cel if what == "CEL" else _is_cdr
    for layout in layouts:
        fitting = [row for row in some if len(row) == len(layout) and makes_sense(cells_of(row, layout))]
        if fitting and 2 * len(fitting) > len(some):
            return layout
    raise HistoryUnreadable(f"the columns of the {what} are none of the usual ones: name them with ?columns=")


def cells_of(row: Sequence[str], layout: Sequence[str]) -> Cells:
    return {name: value for name, value in zip(layout, row, strict=True) if name != "_"}


def offset_of(cells: Iterable[Cells], date: str) -> int | None:
    """By how many seconds the dates in column ``date`` run before UTC; None where nothing tells."""
    offsets: Counter[int] = Counter()
    for row in cells:
        written, born = read_moment(row.get(date, "")), second_of(row.get("uniqueid", ""))
        if written is None or born is None or not written.is_local:
            continue
        quarters, rest = divmod(written.seconds - born + _SAME_BIRTH_S, _QUARTER_S)
        if rest <= 2 * _SAME_BIRTH_S:
            offsets[int(quarters) * _QUARTER_S] += 1
    return offsets.most_common(1)[0][0] if offsets else None


def offset_in(zone: ZoneInfo, at: Moment) -> int:
    """By how many seconds the clocks of that zone run before UTC around that moment."""
    difference = datetime.fromtimestamp(at, zone).utcoffset()
    return int(difference.total_seconds()) if difference is not None else 0


def second_of(uniqueid: str) -> int | None:
    """The second in which a channel was made, by its Uniqueid; None for ids that others gave."""
    found = _ID.fullmatch(uniqueid)
    return int(found["second"]) if found is not None and found["second"] else None


def cel_row(cells: Cells, offset_s: int) -> CelRow | None:
    """The row, or None if these cells are none."""
    at = read_moment(cells.get("eventtime", ""))
    if at is None or not _is_cel(cells):
        return None
    return CelRow(
        event=cells["eventtype"],
        at=at.moment(offset_s),
        linkedid=cells["linkedid"],
        uniqueid=cells["uniqueid"],
        channel=cells["channame"],
        number=cells.get("cid_num", ""),
        name=cells.get("cid_name", ""),
        exten=cells.get("exten", ""),
        app=cells.get("appname", ""),
        app_data=cells.get("appdata", ""),
        extra=_extra(cells.get("extra") or cells.get("eventextra", "")),
    )


def cdr_row(cells: Cells, offset_s: int) -> CdrRow | None:
    """The row, or None if these cells are none; a table without ``answer`` and ``end`` tells their lengths."""
    start = read_moment(cells.get("start") or cells.get("calldate", ""))
    if start is None or not _is_cdr(cells):
        return None
    begun = start.moment(offset_s)
    answer, end = read_moment(cells.get("answer", "")), read_moment(cells.get("end", ""))
    ended = end.moment(offset_s) if end is not None else begun + (whole_number(cells.get("duration")) or 0)
    answered = answer.moment(offset_s) if answer is not None else None
    if answer is None and "answer" not in cells and cells["disposition"] == "ANSWERED":
        answered = ended - (whole_number(cells.get("billsec")) or 0)
    return CdrRow(
        linkedid=cells.get("linkedid") or cells["uniqueid"],
        uniqueid=cells["uniqueid"],
        sequence=whole_number(cells.get("sequence")) or 0,
        source=cells.get("src", ""),
        destination=cells.get("dst", ""),
        channel=cells["channel"],
        dialled_channel=cells.get("dstchannel", ""),
        app=cells.get("lastapp", ""),
        app_data=cells.get("lastdata", ""),
        start=begun,
        answer=answered,
        end=ended,
        disposition=cells["disposition"],
        file=cells.get("userfield") or cells.get("recordingfile", ""),
    )


def queue_line(text: str) -> QueueLine | None:
    """A line of queue_log, or None if it is none."""
    at, *rest = text.split("|")
    if len(rest) < 4 or not _SECONDS.fullmatch(at):
        return None
    call_id, queue, agent, event, *details = rest
    return QueueLine(at=float(at), call_id=call_id, queue=queue, agent=agent, event=event, details=tuple(details))


def _is_cel(cells: Cells) -> bool:
    return (
        cells.get("eventtype") in CEL_EVENTS
        and _ID.fullmatch(cells.get("uniqueid", "")) is not None
        and _ID.fullmatch(cells.get("linkedid", "")) is not None
        and "/" in cells.get("channame", "")
        and read_moment(cells.get("eventtime", "")) is not None
    )


def _is_cdr(cells: Cells) -> bool:
    return (
        cells.get("disposition") in DISPOSITIONS
        and _ID.fullmatch(cells.get("uniqueid", "")) is not None
        and _ID.fullmatch(cells.get("linkedid") or cells.get("uniqueid", "")) is not None
        and "/" in cells.get("channel", "")
        and read_moment(cells.get("start") or cells.get("calldate", "")) is not None
    )


def _extra(text: str) -> dict[str, str]:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
