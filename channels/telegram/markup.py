"""A message with its bold words and links as HTML that says what was written and can do nothing.

The parts of a text may overlap, lie in each other and, forged, cut a letter in two; the
tags that are made of them are always closed in order. Line breaks stay line breaks:
the page keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise, takewhile
from typing import Final
from urllib.parse import urlsplit

from channels.telegram.values import Entity

#: Everything else that Telegram marks is shown as the text it is.
_TAGS: Final[dict[str, str]] = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
_LINKS: Final = frozenset({"url", "text_link", "email"})
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})


def as_html(text: str, entities: Sequence[Entity]) -> str:
    """``entities`` as they were read with ``text``: offsets in UTF-16 units, none beyond its end."""
    units = text.encode("utf-16-le")
    marks = sorted(entities, key=lambda entity: (entity.offset, -entity.length))
    edges = sorted({0, len(units) // 2, *(edge for mark in marks for edge in (mark.offset, mark.offset + mark.length))})
    written: list[str] = []
    opened: list[Entity] = []
    for start, end in pairwise(edges):
        wanted = [mark for mark in marks if mark.offset <= start and end <= mark.offset + mark.length]
        _turn_to(wanted, opened, units, written)
        written.append(escape(_between(units, start, end)))
    _turn_to([], opened, units, written)
    return "".join(written)


def _turn_to(wanted: list[Entity], opened: list[Entity], units: bytes, written: list[str]) -> None:
    """Close and open tags until exactly ``wanted`` are open, the outermost first."""
    common = len(list(takewhile(lambda pair: pair[0] is pair[1], zip(opened, wanted, strict=False))))
    while len(opened) > common:
        written.append(_tags(opened.pop(), units)[1])
    for mark in wanted[common:]:
        written.append(_tags(mark, units)[0])
        opened.append(mark)


def _tags(mark: Entity, units: bytes) -> tuple[str, str]:
    if mark.kind in _TAGS:
        return f"<{_TAGS[mark.kind]}>", f"</{_TAGS[mark.kind]}>"
    if mark.kind == "spoiler":
        return '<span class="spoiler">', "</span>"
    address = _address(mark, units) if mark.kind in _LINKS else None
    if address is None:
        return "", ""
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">', "</a>"


def _address(mark: Entity, units: bytes) -> str | None:
    """Where a link leads; None when it is nowhere a browser should go."""
    if mark.kind == "text_link":
        told = mark.url or ""
    else:
        told = _between(units, mark.offset, mark.offset + mark.length)
        if mark.kind == "email":
            told = f"mailto:{told}"
        elif "://" not in told:
            told = f"https://{told}"
    try:
        scheme = urlsplit(told).scheme
    except ValueError:
        return None
    return told if scheme in _SCHEMES else None


def _between(units: bytes, start: int, end: int) -> str:
    return units[start * 2 : end * 2].decode("utf-16-le", "replace")
