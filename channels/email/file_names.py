"""The name under which a stranger's file is shown and saved.

A name is one step of a path and is read from left to right: what goes up,
hides its ending behind a change of direction, means a device on somebody's
computer or fills a screen is made harmless; the rest stays as it was sent.
"""

from __future__ import annotations

import re

from channels.email.headers import one_line

#: Bytes of UTF-8; most file systems end at 255, and a number may be put before the name.
_LONGEST_BYTES = 200
_LONGEST_ENDING = 20
_UNNAMED = "file"

#: Separators in every spelling, what Windows forbids, and signs that cannot be seen.
_FORBIDDEN = re.compile('[/\\\\:*?"<>|\u2044\u2215\u29f8\uff0f\uff3c\u200b-\u200f\u2060\ufeff\u061c\u00ad]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


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
    if len(name.encode()) <= _LONGEST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = dot + ending if stem and len(ending) <= _LONGEST_ENDING else ""
    kept = name[: len(name) - len(tail)].encode()[: _LONGEST_BYTES - len(tail.encode())]
    return kept.decode("utf-8", "ignore").rstrip(" .") + tail
