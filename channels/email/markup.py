"""HTML of a mail as a tree, without what cannot be seen and what could do anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from lxml.etree import HTMLParser, LxmlError, _Element, fromstring, iterwalk, strip_tags

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


#: Plain elements: those of ``lxml.html`` cost a call of Python each.
Element = _Element


class Tangled(Exception):
    """Made to cost: showing it would take a browser, or us, more than it is worth."""


def tree(html: str) -> Element | None:
    """The body; None when nothing in it is HTML.

    Raises:
        Tangled: a small source that unfolds into very many elements.
    """
    # Parsed from bytes: a declaration inside the text about the text's own encoding is not true any more.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        # None, whatever its types say, where there is not a single element.
        document = cast("Element | None", fromstring(html.encode(), parser=parser))
    except LxmlError:
        return None
    body = document.find("body") if document is not None else None
    if body is None:
        return None
    strip_tags(body, *_EMPTY)
    for element in [one for one in body.iter() if _is_unseen(one)]:
        drop(element)
    if _is_tangled(body):
        raise Tangled
    return body


def drop(element: Element) -> None:
    """Out of the tree with all that is in it; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def words_of(element: Element) -> str:
    """All the text in it."""
    return "".join(element.itertext())


def _is_unseen(element: Element) -> bool:
    if element.tag in _NEVER_SHOWN:
        return True
    style = element.get("style")
    return (style is not None and _HIDDEN.search(style) is not None) or element.get("hidden") is not None


def _is_tangled(body: Element) -> bool:
    elements = sum(1 for _ in body.iter())
    reopened = sum(1 for _ in body.iter(*_REOPENED))
    return elements * (reopened + 1) > _MOST_ELEMENTS and sum(_weights(body)) > _MOST_ELEMENTS


def _weights(body: Element) -> Iterator[int]:
    """For each element, itself and those that may be opened again inside it."""
    open_count = 0
    for event, element in iterwalk(body, events=("start", "end")):
        if event == "end":
            open_count -= element.tag in _REOPENED
        else:
            yield 1 + open_count
            open_count += element.tag in _REOPENED
