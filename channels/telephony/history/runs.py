"""Which run of the PBX a line of its books belongs to.

Linkedids repeat after a restart, so the log keeps them under the run that said
them. The books know nothing of runs; but a run is named by the moment it
began, in the PBX's own time, and that moment lies within the gap it caused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from channels.telephony.history.columns import second_of
from channels.telephony.history.records import History, Moment

_QUARTER = timedelta(minutes=15)
#: The westernmost and easternmost clocks of the world, in quarters of an hour.
_WEST, _EAST = -12 * 4, 14 * 4
_EDGE = timedelta(seconds=2)


def began_at(run: str, since: datetime, until: datetime, zones: Iterable[tzinfo]) -> datetime | None:
    """When a run named ``2026-11-22 00:44:10`` began, if that is between the two; the zones are tried in order."""
    try:
        local = datetime.fromisoformat(run)
    except ValueError:
        return None
    if local.tzinfo is not None:
        return None
    everywhere = (timezone(quarters * _QUARTER) for quarters in range(_WEST, _EAST + 1))
    for zone in (*zones, *everywhere):
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if since - _EDGE <= at <= until + _EDGE:
            return at
    return None


def split(history: History, began: datetime) -> tuple[History, History]:
    """What the run before wrote, and what the one that began then did.

    A call belongs to the run in which it began: a run is named by whole seconds, as a Uniqueid is.
    """
    whole = int(began.timestamp())

    def is_earlier(uniqueid: str, at: Moment) -> bool:
        born = second_of(uniqueid)
        return (at if born is None else born) < whole

    def part(*, earlier: bool) -> History:
        return History(
            cel=tuple(row for row in history.cel if is_earlier(row.uniqueid, row.at) is earlier),
            cdr=tuple(row for row in history.cdr if is_earlier(row.uniqueid, row.end) is earlier),
            queue_log=tuple(line for line in history.queue_log if is_earlier(line.call_id, line.at) is earlier),
        )

    return part(earlier=True), part(earlier=False)
