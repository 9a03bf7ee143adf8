"""A mail's HTML as a page of its own, to be shown in a frame without scripts.

The page asks nobody for anything: the mail's own pictures are written into it,
so that nothing in it ever needs our cookie. Remote
pictures are let in only when a person asked for them, and only encrypted. What
was stored is sanitised already; after the pictures were put in, it is again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from channels.email.heard import PICTURES
from channels.email.html import REMOTE_ATTRIBUTE, cleaner, harmless, source_of
from channels.email.markup import Element, Tangled, tree

#: Pictures that a browser shows without running anything.
RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
#: The app may look in and measure it; nothing in it ever runs.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
#: Bytes of pictures that are written into one page; the others are files beside the mail.
_MOST_BYTES = 10 * 1024 * 1024

_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<style>
body {{ margin: 12px; overflow-wrap: anywhere; font: 14px/1.5 system-ui, sans-serif; color: #1c1b1a; background: #fff }}
img {{ max-width: 100%; height: auto }}
pre {{ white-space: pre-wrap; font: inherit }}
summary {{ cursor: pointer }}
</style>
</head>
<body>{body}</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that came with the mail; ``content_id`` is the name by which its text shows it."""

    content_id: str
    type: str
    data: bytes = field(repr=False)


def policy(*, remote: bool) -> str:
    """What a browser may do with the page: show it. Links open beside it, in a page that knows nothing of ours."""
    rules = {
        "sandbox": SANDBOX,
        "default-src": "'none'",
        "img-src": "data: https:" if remote else "data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page(html: str | None, text: str, pictures: list[Picture], *, remote: bool) -> str:
    """``html`` as it was stored, or ``text`` where there is none."""
    body = _shown(html, _addresses(pictures), remote=remote) if html is not None else None
    return _PAGE.format(body=body if body is not None else f"<pre>{escape(text)}</pre>")


def _addresses(pictures: list[Picture]) -> dict[str, str]:
    """Where a stored page has its picture → the picture itself."""
    found: dict[str, str] = {}
    left = _MOST_BYTES
    for one in pictures:
        left -= len(one.data)
        if one.type in RASTER and left >= 0:
            data = base64.b64encode(one.data).decode()
            found[f"{PICTURES}{quote(one.content_id, safe='')}"] = f"data:{one.type};base64,{data}"
    return found


def _shown(html: str, pictures: Mapping[str, str], *, remote: bool) -> str | None:
    try:
        body = tree(html)
    except Tangled:
        return None
    if body is None:
        return None
    for styled in body.iterfind(".//*[@style]"):
        styled.set("style", harmless(styled.get("style") or ""))
    placed = {address for image in body.iter("img") if (address := _put(image, pictures, remote=remote))}
    return cleaner(placed).clean(source_of(body))


def _put(image: Element, pictures: Mapping[str, str], *, remote: bool) -> str | None:
    """Give the picture the address it is shown from; None: it is not shown."""
    away = image.get(REMOTE_ATTRIBUTE)
    address = pictures.get(image.get("src") or "")
    if address is None and remote and away is not None and away.lower().startswith("https://"):
        address = away
        image.attrib.pop(REMOTE_ATTRIBUTE)
    image.attrib.pop("src", None)
    if address is not None:
        image.set("src", address)
    return address
