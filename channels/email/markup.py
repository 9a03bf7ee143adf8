"""HTML of a mail as a tree, without what cannot be seen and what could do anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import LxmlError, iterwalk
from lxml.html import HtmlElement, HTMLParser, document_fromstring

#: These have no content; the parser may take for it what follows.
_VOID = "meta link base param source track embed input"
_EMPTY = frozenset(_VOID.split())
#: With all that is in them: scripts, other languages than HTML, controls, and heads.
_UNSHOWN = (
    "script style title noscript iframe frame frameset object applet svg math template xmp plaintext noembed"
    " noframes listing select textarea button audio video canvas map head dialog portal"
)
_NEVER_SHOWN = frozenset(_UNSHOWN.split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
#: Browsers open these again in every block that follows them unclosed.
_FORMATTING = "a b big code em font i nobr s small strike strong tt u"
_REOPENED = frozenset(_FORMATTING.split())
#: Elements that a browser may have to make of what was sent.
_MOST_ELEMENTS = 200_000


class Tangled(Exception):
    """Made to cost: showing it would take a browser, or us, more than it is worth."""


def tree(html: str) -> HtmlElement | None:
    """The body; None when nothing in it is HTML.

    Raises:
        Tangled: a small source that unfolds into very many elements.
    """
    # Parsed from bytes: a declaration inside the text about the text's own encoding is not true any more.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        document = document_fromstring(html.encode(), parser=parser)
    except LxmlError:
        return None
    body = document.find("body")
    if body is None:
        return None
    for element in list(_unseen(body)):
        if element.tag in _EMPTY:
            element.drop_tag()
        else:
            element.drop_tree()
    if sum(_weights(body)) > _MOST_ELEMENTS:
        raise Tangled
    return body


def _unseen(body: HtmlElement) -> Iterator[HtmlElement]:
    for element in body.iter():
        style = element.get("style")
        if (
            element.tag in _NEVER_SHOWN
            or element.tag in _EMPTY
            or (style is not None and _HIDDEN.search(style))
            or element.get("hidden") is not None
        ):
            yield element


def _weights(body: HtmlElement) -> Iterator[int]:
    """For each element, itself and those that may be opened again inside it."""
    open_count = 0
    for event, element in iterwalk(body, events=("start", "end")):
        if event == "end":
            open_count -= element.tag in _REOPENED
        else:
            yield 1 + open_count
            open_count += element.tag in _REOPENED
