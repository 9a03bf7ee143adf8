"""Bold words, quotes and links of a text of Telegram as the log keeps them: which part of it is what.

No HTML is ever made of a stranger's text. What the page does not show otherwise is left
out, and a link that leads nowhere a browser should go is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from channels.telegram.values import Entity
from crm_core.domain.written import Mark, MarkKind

_KINDS: Final[dict[str, MarkKind]] = {
    "bold": MarkKind.BOLD,
    "italic": MarkKind.ITALIC,
    "underline": MarkKind.UNDERLINE,
    "strikethrough": MarkKind.STRIKETHROUGH,
    "code": MarkKind.CODE,
    "pre": MarkKind.PRE,
    "blockquote": MarkKind.QUOTE,
    "expandable_blockquote": MarkKind.QUOTE,
    "spoiler": MarkKind.SPOILER,
    "url": MarkKind.LINK,
    "text_link": MarkKind.LINK,
    "email": MarkKind.LINK,
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})


def marks_of(text: str, entities: Sequence[Entity]) -> tuple[Mark, ...]:
    """``entities`` as they were read with ``text``: offsets in UTF-16 units, as browsers count, none beyond its end."""
    units = text.encode("utf-16-le")
    found = (_mark(entity, units) for entity in entities)
    return tuple(mark for mark in found if mark is not None)


def _mark(entity: Entity, units: bytes) -> Mark | None:
    kind = _KINDS.get(entity.kind)
    if kind is None:
        return None
    address = _address(entity, units) if kind is MarkKind.LINK else None
    if kind is MarkKind.LINK and address is None:
        return None
    return Mark(kind=kind, offset=entity.offset, length=entity.length, address=address)


def _address(entity: Entity, units: bytes) -> str | None:
    """Where a link leads; None when it is nowhere a browser should go."""
    if entity.kind == "text_link":
        told = entity.url or ""
    else:
        told = units[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le", "replace")
        if entity.kind == "email":
            told = f"mailto:{told}"
        elif "://" not in told:
            told = f"https://{told}"
    try:
        scheme = urlsplit(told).scheme
    except ValueError:
        return None
    return told if scheme in _SCHEMES else None
