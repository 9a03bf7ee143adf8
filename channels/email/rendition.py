"""The words of an HTML mail as plain text: for the search, and for those who wrote nothing else.

Lines end where blocks end, quoted blocks begin with ``>`` as they would in a
text mail (so that quotes are folded by the same rules), links show where they go.
"""

from __future__ import annotations

import re
from html import unescape

from lxml.etree import iterwalk

from channels.email.markup import Element, Tangled, tree, words_of

_WITH_EMPTY_LINES = "p h1 h2 h3 h4 h5 h6 ul ol blockquote"
_APART = frozenset(_WITH_EMPTY_LINES.split())
_ON_LINES_OF_THEIR_OWN = (
    "address article aside center dd details div dl dt fieldset figure footer form"
    " header hr li main nav pre section summary table tr body"
)
_BLOCKS = _APART | frozenset(_ON_LINES_OF_THEIR_OWN.split())
_SPACES = re.compile(r"[ \t\r\n\f\xa0\u200b\u200c\u034f\xad]+")
_TAG = re.compile(r"<[^<>]*>?")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_LONGEST_LINK = 300
_DEEPEST_QUOTE = 20


def text_of(html: str) -> str:
    """What there is to read in it; "" where there is nothing."""
    try:
        body = tree(html)
    except Tangled:
        return _SPACES.sub(" ", unescape(_TAG.sub(" ", html))).strip()
    return _Writer().write(body) if body is not None else ""


class _Writer:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._verbatim = 0

    def write(self, body: Element) -> str:
        for event, element in iterwalk(body, events=("start", "end")):
            if event == "start":
                self._open(element)
                self._say(element.text)
            else:
                self._close(element)
                if element is not body:
                    self._say(element.tail)
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _open(self, element: Element) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._end_line()
            if tag in _APART:
                self._leave_empty()
        match tag:
            case "br":
                self._end_line(even_empty=True)
            case "li":
                self._line = "- "
            case "blockquote":
                self._quotes += 1
            case "pre":
                self._verbatim += 1
            case "img":
                self._say(element.get("alt"))

    def _close(self, element: Element) -> None:
        tag = element.tag
        if tag == "a":
            self._tell_where(element)
        if tag in _BLOCKS:
            self._end_line()
        if tag == "blockquote":
            self._quotes -= 1
        if tag == "pre":
            self._verbatim -= 1
        if tag in {"td", "th"} and self._line.strip():
            self._line += " "
        if tag in _APART:
            self._leave_empty()

    def _tell_where(self, link: Element) -> None:
        to = (link.get("href") or "").strip()
        if _WEB.match(to) and len(to) <= _LONGEST_LINK:
            shown = _SPACES.sub(" ", words_of(link)).strip()
            if shown and _bare(shown) != _bare(to):
                self._line += f" <{to}>"

    def _say(self, text: str | None) -> None:
        if not text:
            return
        if self._verbatim:
            first, *others = text.split("\n")
            self._line += first
            for line in others:
                self._end_line(even_empty=True)
                self._line = line
            return
        words = _SPACES.sub(" ", text)
        self._line += words.lstrip(" ") if not self._line or self._line.endswith(" ") else words

    def _end_line(self, *, even_empty: bool = False) -> None:
        line = self._line.rstrip()
        self._line = ""
        if line and line != "-":
            self._lines.append("> " * min(self._quotes, _DEEPEST_QUOTE) + line)
        elif even_empty:
            self._leave_empty()

    def _leave_empty(self) -> None:
        """One empty line at most: how much room was left in HTML means nothing in text."""
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(("> " * min(self._quotes, _DEEPEST_QUOTE)).rstrip())


def _bare(address: str) -> str:
    return _WEB.sub("", address).rstrip("/").lower()
