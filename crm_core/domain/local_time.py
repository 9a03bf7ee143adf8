"""What a clock on the wall shows, and which moment that is.

A zone that moves its clocks shows some times twice and some never. A rule
written in local time (opening hours) means the first moment at which the clock
shows that time or has passed it; so hours always follow each other, and a span
across the change is as long as people really sit there. A time that a person
types is another matter: nobody may guess it for them, so they are asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from crm_core.domain.errors import InputRejected

_SECOND = timedelta(seconds=1)


class LocalTimeMissing(InputRejected):
    """The clocks jump over this time on that day; choose an earlier or a later one."""

    code = "local_time_missing"


class LocalTimeDoubled(InputRejected):
    """The clocks show this time twice on that day; say which of the two is meant."""

    code = "local_time_doubled"


def local_moment(shown: datetime, zone: ZoneInfo, *, second: bool | None = None) -> datetime:
    """The moment a person means by ``shown`` (without a zone), in UTC.

    ``second`` answers the question of a doubled hour: its second turn, or its first.

    Raises:
        LocalTimeMissing: the clock never shows it; ``before`` and ``after`` are the nearest it does show.
        LocalTimeDoubled: it shows it twice and ``second`` does not say which; ``first`` and ``second`` are both.
    """
    first, again = _readings(shown, zone)
    if first < again:
        if second is None:
            raise LocalTimeDoubled(zone=zone.key, first=_with_offset(first, zone), second=_with_offset(again, zone))
        return again if second else first
    if first > again:
        change = _change(again, first, zone)
        before, after = _with_offset(change - _SECOND, zone), _with_offset(change, zone)
        raise LocalTimeMissing(zone=zone.key, before=before, after=after)
    return first


def first_moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which the clock shows ``shown`` or has passed it; later times, later moments."""
    first, again = _readings(shown, zone)
    return _change(again, first, zone) if first > again else first


def is_doubled(moment: datetime, zone: ZoneInfo) -> bool:
    """Does the clock show this moment's time twice on that day, so that the time alone does not tell it?"""
    first, again = _readings(moment.astimezone(zone).replace(tzinfo=None, fold=0), zone)
    return first < again


def _readings(shown: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """By the offset before a change and by the one after it: equal far from a change, crossed in a missing hour."""
    local = shown.replace(tzinfo=zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _with_offset(moment: datetime, zone: ZoneInfo) -> datetime:
    """In local time, under a fixed offset: with the zone itself, Python finds a doubled time equal to nothing."""
    offset = moment.astimezone(zone).utcoffset()
    return moment.astimezone(timezone(offset or timedelta()))


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between these at which the offset changes; changes fall on whole seconds."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
