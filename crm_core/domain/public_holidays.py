"""The days on which a country rests, and the weekend days on which it works instead.

The dates are those of the ``holidays`` library, which follows the decrees:
holidays moved from a weekend, days off moved to another, working Saturdays.
Feasts by the moon are estimates until they are announced, and a decree of this
week may be newer than the library; the company's own calendar has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from holidays import country_holidays

from crm_core.domain.errors import InputRejected

SUPPORTED = frozenset({"KZ", "RU"})

_SATURDAY = 5


class CountryUnknown(InputRejected):
    """The holidays of this country are not known."""

    code = "country_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDays:
    """How one year differs from a plain row of weeks."""

    off: frozenset[date]
    working_weekends: frozenset[date]


@lru_cache(maxsize=64)
def public_days(country: str, year: int) -> PublicDays:
    """The public days of ``country`` (ISO 3166, ``KZ`` or ``RU``) in ``year``.

    Raises:
        CountryUnknown: it is another country.
    """
    if country not in SUPPORTED:
        raise CountryUnknown(country=country, known=sorted(SUPPORTED))
    published = country_holidays(country, years=year)
    return PublicDays(
        off=frozenset(day for day in published if day.year == year),
        working_weekends=frozenset(
            day for day in published.weekend_workdays if day.year == year and day.weekday() >= _SATURDAY
        ),
    )
