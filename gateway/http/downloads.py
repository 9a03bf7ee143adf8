"""Bytes of strangers on their way to a browser: saved, or shown where nothing in them can run."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import hdrs

#: What a browser shows or plays without running anything of it; anything else is bytes without a meaning.
_HARMLESS: Final = frozenset(
    {
        *("image/png", "image/jpeg", "image/gif", "image/webp"),
        *("audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/webm"),
        *("video/mp4", "video/webm", "video/quicktime", "application/pdf"),
    }
)
#: Even where a browser opens it as a page, that page may do nothing and is nobody's.
_ALONE: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"


def strangers_file(name: str, told: str, *, inline: bool = False) -> dict[str, str]:
    """The headers of a file of theirs; ``told``: what its sender says it is, ``inline``: the page wants to show it."""
    return only_saved(name, served_type(told)) | {
        hdrs.CONTENT_DISPOSITION: disposition(name, inline=inline and may_stand_inline(told))
    }


def only_saved(name: str, media_type: str) -> dict[str, str]:
    """The headers of what nobody opens in a browser. That its type is not guessed at is said of every answer."""
    return {
        hdrs.CONTENT_DISPOSITION: disposition(name),
        hdrs.CONTENT_TYPE: media_type,
        hdrs.CACHE_CONTROL: "private, no-store",
        "Content-Security-Policy": _ALONE,
    }


def disposition(name: str, *, inline: bool = False) -> str:
    """``Content-Disposition`` with a name in any script (RFC 6266, RFC 5987)."""
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


def served_type(told: str) -> str:
    """The type a file is served as, whatever its sender said of it."""
    return told if told in _HARMLESS else "application/octet-stream"


def may_stand_inline(told: str) -> bool:
    """Pictures made of points; a drawing can hold a script."""
    return told in _HARMLESS and told.startswith("image/")
