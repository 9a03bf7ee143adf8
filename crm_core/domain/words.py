"""Numbers, spans and times as people say them, in Russian and in English.

Russian spans stand in the accusative («на 21 минуту», «через 2 часа»): the
sentences they go into are built so that they need no other case. Names are
never inflected for the same reason. A time is told on the company's clock, with
its day only when that is not today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from crm_core.domain.local_time import is_doubled

_MONTHS = (
    ("января", "Jan"),
    ("февраля", "Feb"),
    ("марта", "Mar"),
    ("апреля", "Apr"),
    ("мая", "May"),
    ("июня", "Jun"),
    ("июля", "Jul"),
    ("августа", "Aug"),
    ("сентября", "Sep"),
    ("октября", "Oct"),
    ("ноября", "Nov"),
    ("декабря", "Dec"),
)

_UNITS = (
    (86_400, ("день", "дня", "дней"), "day"),
    (3600, ("час", "часа", "часов"), "hour"),
    (60, ("минуту", "минуты", "минут"), "minute"),
    (1, ("секунду", "секунды", "секунд"), "second"),
)
#: "72 hours" is how the rule is known; four days are days.
_LONGEST_IN_HOURS = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same said in both languages of the screens."""

    ru: str
    en: str

    def as_json(self) -> dict[str, str]:
        return {"ru": self.ru, "en": self.en}


def plural_ru(number: int, one: str, few: str, many: str) -> str:
    """The form that stands after ``number``: 1, 21 → one; 2, 34 → few; 0, 5, 11, 112 → many."""
    tens, units = number // 10 % 10, number % 10
    if tens == 1 or units == 0 or units > 4:
        return many
    return one if units == 1 else few


def counted(number: int, ru: tuple[str, str, str], en: str) -> Words:
    """A number with its noun; English adds an s."""
    return Words(ru=f"{number} {plural_ru(number, *ru)}", en=f"{number} {en if number == 1 else en + 's'}")


def span_in_words(span: timedelta) -> Words:
    """Its two largest units, rounded down; below a second: a second."""
    return _seconds_in_words(max(int(span.total_seconds()), 1))


@lru_cache(maxsize=1024)
def _seconds_in_words(seconds: int) -> Words:
    units = _UNITS[1:] if seconds <= _LONGEST_IN_HOURS * 3600 else _UNITS
    first = next(number for number, (size, _, _) in enumerate(units) if seconds >= size)
    parts = []
    for size, ru, en in units[first : first + 2]:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(counted(number, ru, en))
    return Words(ru=" ".join(part.ru for part in parts), en=" ".join(part.en for part in parts))


def moment_in_words(moment: datetime, zone: ZoneInfo, *, now: datetime) -> Words:
    """The time on the clock of ``zone``; with its day when that is not today's, with the offset in a doubled hour."""
    return _minute_in_words(moment.replace(second=0, microsecond=0), zone, now.astimezone(zone).date())


# Promises that are late together were due together.
@lru_cache(maxsize=1024)
def _minute_in_words(minute: datetime, zone: ZoneInfo, today: date) -> Words:
    local = minute.astimezone(zone)
    shown = f"{local:%H:%M}"
    if is_doubled(minute, zone):
        shown += f" (UTC{local.isoformat()[-6:]})"
    if local.date() == today:
        return Words(ru=shown, en=shown)
    year = "" if local.year == today.year else f" {local.year}"
    month_ru, month_en = _MONTHS[local.month - 1]
    return Words(ru=f"{local.day} {month_ru}{year} {shown}", en=f"{local.day} {month_en}{year} {shown}")
