"""What a manager wrote as text, as HTML that says the same: lines, indents, quotes and links as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Final

#: Quotes in quotes; what is quoted deeper keeps its signs.
_DEEPEST: Final = 8
_SPACES: Final = re.compile("^ | (?= )")
#: Brackets that close belong to it, and the stop behind it to the sentence.
_LINK: Final = re.compile(
    r"""https?://(?:[^\s<>"«»()]|\([^\s<>"«»()]*\))*(?:[^\s<>"«»().,;:!?…'\]]|\([^\s<>"«»()]*\))""", re.IGNORECASE
)
_QUOTE_STYLE: Final = "margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"


def text_as_html(text: str, *, picture: str) -> str:
    """A whole page; ``picture``: the address of one that nobody sees, at its end."""
    page = (
        "<!doctype html>",
        '<html><head><meta charset="utf-8"></head><body dir="auto">',
        *_blocks(text.splitlines(), _DEEPEST),
        f'<img src="{escape(picture)}" width="1" height="1" alt="">',
        "</body></html>",
    )
    return "\n".join(page) + "\n"


def _blocks(lines: Iterable[str], deepest: int) -> Iterator[str]:
    for is_quote, group in groupby(lines, key=lambda line: deepest > 0 and line.startswith(">")):
        if is_quote:
            yield f'<blockquote type="cite" style="{_QUOTE_STYLE}">'
            yield from _blocks((line[1:].removeprefix(" ") for line in group), deepest - 1)
            yield "</blockquote>"
        else:
            said = "<br>\n".join(map(_line, group))
            yield f"<div>{said}</div>"


def _line(line: str) -> str:
    """Spaces that HTML would swallow are kept."""
    line = _SPACES.sub("\N{NO-BREAK SPACE}", line.expandtabs(4))
    pieces, end = [], 0
    for link in _LINK.finditer(line):
        address = escape(link[0])
        pieces += [escape(line[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*pieces, escape(line[end:])])
