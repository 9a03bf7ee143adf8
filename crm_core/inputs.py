"""The ground of what people send us: every field is declared, bounded and free of control characters.

A name with markup in it is a name; showing it harmlessly is the page's work.
A name with a line break in it is not, because lines end headers and logs.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
)

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)")
_WALL_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?")
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class InputModel(BaseModel):
    """A body; an unknown field is refused, because it is a misunderstanding."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def unchanged() -> Any:
    """The default of a field that may be left out of an edit but is never null: look at ``model_fields_set``."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise ValueError("control characters and line breaks are not allowed")
    return text


def _without_null(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_rfc_3339(value: object) -> object:
    # In a query string everything is text, and pydantic takes digits for seconds since 1970;
    # in a strict body it would take no text at all that a function of ours has looked at.
    if not isinstance(value, str):
        return value
    if not _RFC_3339.fullmatch(value):
        raise ValueError("a moment is written 2026-07-21T09:30:00+05:00")
    return datetime.fromisoformat(value.upper())


def _read_wall_clock(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _WALL_CLOCK.fullmatch(value):
        raise ValueError("a time as the clock shows it is written 2026-07-21T09:30")
    return datetime.fromisoformat(value.upper())


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not a time zone of the IANA list, such as Asia/Almaty")
    return name


def _of_our_age(moment: datetime) -> datetime:
    if not _EARLIEST <= (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) < _LATEST:
        raise ValueError("the year is not one of ours")
    return moment


_Trimmed = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_without_control_characters)]

#: One line, trimmed, with something in it.
Word = Annotated[_Trimmed, StringConstraints(min_length=1, max_length=64)]
Line = Annotated[_Trimmed, StringConstraints(min_length=1, max_length=300)]
Sentence = Annotated[_Trimmed, StringConstraints(min_length=1, max_length=1000)]

#: Many lines; may be empty.
Prose = Annotated[
    str,
    AfterValidator(_unix_lines),
    StringConstraints(strip_whitespace=True, max_length=10_000),
    AfterValidator(_without_null),
]

#: With an offset, in a year the database and the calendar agree on.
Moment = Annotated[AwareDatetime, BeforeValidator(_read_rfc_3339), AfterValidator(_of_our_age)]

#: As a clock shows it, without an offset: ``2026-07-21T09:30``. What moment it is, only a zone can say.
WallClock = Annotated[NaiveDatetime, BeforeValidator(_read_wall_clock), AfterValidator(_of_our_age)]

#: A zone of the IANA list.
TimezoneName = Annotated[Word, AfterValidator(_known_timezone)]
