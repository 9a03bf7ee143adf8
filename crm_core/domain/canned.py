"""Ready answers: texts in several languages with places for what is known of the client.

What is not known stays visible as its place, for its writer to fill in or take
out: "your hotel is ." is worse than a gap that is seen. Only a client's name
between commas goes quietly, for "Hello!" greets as well. A place nobody knows
of is refused when the answer is written, not when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from crm_core.domain.errors import InputRejected

#: What may stand in double braces, and what it becomes.
VARIABLES: Final = ("client.name", "client.first_name", "agent.name", "trip.title", "trip.hotel", "trip.starts_on")

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# "Hello, {{client.name}}!": the name, its comma, and what shows that the sentence does without.
_ADDRESSED = re.compile(r",[ \t]?\{\{\s*(client\.(?:first_)?name)\s*\}\}(?=[!.,?…]|$)")


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
    """The text with everything that is known of ``VARIABLES`` in its place; the other places stay."""
    greeted = _ADDRESSED.sub(lambda place: place[0] if known.get(place[1]) else "", text)
    return _PLACE.sub(lambda place: known.get(place[1]) or place[0], greeted).strip()


def in_language(texts: Mapping[str, str], *wanted: str | None) -> str:
    """The text in the first of these languages that it is written in ("kk-KZ" is Kazakh), else in any."""
    for language in wanted:
        short = language.split("-")[0].lower() if language else None
        if short is not None and texts.get(short):
            return texts[short]
    return next(iter(texts.values()))
