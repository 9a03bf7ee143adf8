"""What strangers wrote, made fit to be stored and to stand beside our own words.

A text keeps its meaning; what goes away is what no database can hold, what turns
the direction of reading over and what fills a screen. A file's name is one step of
a path and is read from left to right: what goes up, hides its ending, or means a
device on somebody's computer is made harmless.
"""

from __future__ import annotations

import re

#: Longer lines say nothing that a person would read.
LONGEST_LINE = 2000
#: Bytes of UTF-8; most file systems end at 255, and a number may be put before the name.
_LONGEST_NAME_BYTES = 200
_LONGEST_ENDING = 20
_UNNAMED = "file"

#: Controls and line ends: what stands beside other texts is one line.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: Separators in every spelling, what Windows forbids, and signs that cannot be seen.
_FORBIDDEN = re.compile('[/\\\\:*?"<>|\u2044\u2215\u29f8\uff0f\uff3c\u200b-\u200f\u2060\ufeff\u061c\u00ad]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def storable(text: str) -> str:
    """Without what PostgreSQL and UTF-8 cannot hold."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """A text that can stand beside others: one line, no control signs, read in its own direction."""
    shown = text[: 4 * longest]
    if not shown.isprintable():
        shown = storable(_UNSHOWABLE.sub(" ", _DIRECTIONS.sub("", shown)))
    return " ".join(shown.split())[:longest]


def file_name(sent: str | None, fallback: str = _UNNAMED) -> str:
    """A safe name for what was sent as ``sent``; ``fallback`` where nothing of it is left."""
    name = re.split(r"[/\\]", one_line(sent or "", 4000))[-1]
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if not name.strip("_"):
        return fallback
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = dot + ending if stem and len(ending) <= _LONGEST_ENDING else ""
    kept = name[: len(name) - len(tail)].encode()[: _LONGEST_NAME_BYTES - len(tail.encode())]
    return kept.decode("utf-8", "ignore").rstrip(" .") + tail
