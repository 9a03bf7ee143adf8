"""Ready answers: texts in several languages with places for what is known of the client.

What is not known is left out with the blanks around it, so that nobody sends
``{{client.name}}`` to a client; a place nobody knows of is refused when the
answer is written, not when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from crm_core.domain.errors import InputRejected

#: What may stand in double braces, and what it becomes.
VARIABLES: Final = ("client.name", "client.first_name", "agent.name", "trip.title", "trip.hotel", "trip.starts_on")

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# A comma and a blank before what is left out go with it: "Hello, {{client.name}}!" becomes "Hello!".
_PLACE_WITH_BLANK = re.compile(r",?[ \t]?\{\{\s*([^{}]*?)\s*\}\}")


class VariableUnknown(InputRejected):
    """There is no such place to be filled."""

    code = "variable_unknown"


def check_places(text: str) -> None:
    """Refuse a text with a place that nobody can fill.

    Raises:
        VariableUnknown: with the ``variable`` and those that exist.
    """
    for name in _PLACE.findall(text):
        if name not in VARIABLES:
            raise VariableUnknown(variable=name, allowed=list(VARIABLES))


def fill(text: str, known: Mapping[str, str | None]) -> str:
    """The text with everything that is known of ``VARIABLES`` in its place."""
    return _PLACE_WITH_BLANK.sub(lambda place: _filled(place, known), text).strip()


def _filled(place: re.Match[str], known: Mapping[str, str | None]) -> str:
    said = known.get(place[1])
    return place[0][: place[0].index("{{")] + said if said else ""


def in_language(texts: Mapping[str, str], *wanted: str | None) -> str:
    """The text in the first of these languages that it is written in ("kk-KZ" is Kazakh), else in any."""
    for language in wanted:
        short = language.split("-")[0].lower() if language else None
        if short is not None and texts.get(short):
            return texts[short]
    return next(iter(texts.values()))
