"""One message of ours as the messages Telegram takes: long texts and many files become several, in order.

Which parts there are follows from the message alone, so that whoever goes on after a
death counts the same parts as whoever began.
"""

from __future__ import annotations

from typing import Final

from channels.telegram.outgoing import (
    LARGEST_ALBUM,
    LARGEST_PHOTO,
    LONGEST_CAPTION,
    LONGEST_TEXT,
    Album,
    Text,
    Upload,
    units,
)
from channels.telegram.values import FileKind
from crm_core.store.messages import SaidFile, Saying

Part = Text | Upload | Album

#: What Telegram shows as a picture; everything else goes as a file.
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})

#: Where a text may end, the best first; only in the second half of what fits, or the parts become many and small.
_ENDS: Final = ("\n\n", "\n", ". ", " ")


def parts_of(saying: Saying) -> tuple[Part, ...]:
    """In the order in which they are said. What fits stands under the first file; a longer text goes before them."""
    if not saying.files:
        return tuple(Text(text=piece) for piece in pieces(saying.body))
    caption = saying.body if units(saying.body) <= LONGEST_CAPTION else ""
    before = () if caption == saying.body else tuple(Text(text=piece) for piece in pieces(saying.body))
    return (*before, *_albums(saying.files, caption=caption))


def pieces(text: str, longest: int = LONGEST_TEXT) -> list[str]:
    """The text in pieces that fit, cut between paragraphs, lines, sentences or words where it can be."""
    found: list[str] = []
    rest = text
    while units(rest) > longest:
        end = _end(_fitting(rest, longest))
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [piece for piece in (*found, rest) if piece] or [text]


def _fitting(text: str, longest: int) -> str:
    """Its longest beginning that fits; no letter of two units is cut in half."""
    return text.encode("utf-16-le")[: longest * 2].decode("utf-16-le", "ignore")


def _end(head: str) -> int:
    for mark in _ENDS:
        place = head.rfind(mark, len(head) // 2)
        if place > 0:
            return place + len(mark)
    return len(head)


def _albums(files: tuple[SaidFile, ...], *, caption: str) -> list[Upload | Album]:
    kind = FileKind.PHOTO if all(_is_picture(file) for file in files) else FileKind.FILE
    uploads = [
        Upload(kind=kind, name=file.name, data=file.data, caption="" if place else caption)
        for place, file in enumerate(files)
    ]
    albums = (uploads[start : start + LARGEST_ALBUM] for start in range(0, len(uploads), LARGEST_ALBUM))
    return [album[0] if len(album) == 1 else Album(uploads=tuple(album)) for album in albums]


def _is_picture(file: SaidFile) -> bool:
    return file.type in _PICTURES and len(file.data) <= LARGEST_PHOTO
