"""Which run of the PBX a line of its books belongs to.

Linkedids repeat after a restart, so the log keeps them under the run that said
them. The books know nothing of runs; but a run is named by the moment it
began, in the PBX's own time, and that moment lies within the gap it caused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

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
