"""The mail that is answered, folded away under the answer in HTML.

Mail programs mark the quoted mail each in their own way. It is folded only
when it stands at the end: whoever answers between the lines or below wants the
quotes to be seen. Folding is a ``<details>``: nothing is taken out.
"""

from __future__ import annotations

import re

from channels.email.markup import Element, words_of

#: Elements that hold the quoted mail.
_HOLDERS = re.compile(
    r"\b(gmail_quote(_container)?|yahoo_quoted|protonmail_quote|zmail_extra|moz-forward-container|mail-quote-collapse)\b"
)
#: Elements after which, up to the end of what they stand in, the quoted mail comes.
_BEGINNING_IDS = frozenset(
    {"appendonsend", "divRplyFwdMsg", "x_divRplyFwdMsg", "mail-editor-reference-message-container"}
)
_OUTLOOK_RULE = re.compile(r"border-top:\s*solid\s+#[0-9a-f]{6}\s+1\.0pt", re.IGNORECASE)
_INTRODUCTION = re.compile(r".{5,300}:\s*$", re.DOTALL)
_MOST_CLIMBS = 20


def fold_quotes(body: Element) -> None:
    """Puts the quoted mail at the end into a closed ``<details>``, in place."""
    found = _quoted(body)
    if not found or not _something_before(found[0], body):
        return
    folded = body.makeelement("details")
    summary = body.makeelement("summary")
    summary.text = "…"
    folded.append(summary)
    found[0].addprevious(folded)
    folded.extend(found)


def _quoted(body: Element) -> list[Element]:
    """Neighbours that are the quoted mail, the first of them where it begins."""
    for element in body.iter():
        if _holds_quote(element):
            introduction = element.getprevious()
            quoted = [element]
            if introduction is not None and _introduces(introduction):
                quoted.insert(0, introduction)
            return quoted if not _something_after(element, body) else []
        if _begins_quote(element):
            start = _outermost(element, body)
            quoted = [start, *start.itersiblings()]
            return quoted if not _something_after(quoted[-1], body) else []
    return []


def _holds_quote(element: Element) -> bool:
    return element.tag == "blockquote" or bool(_HOLDERS.search(element.get("class") or ""))


def _begins_quote(element: Element) -> bool:
    return (
        element.get("id") in _BEGINNING_IDS
        or element.get("class") == "OutlookMessageHeader"
        or (element.tag == "div" and bool(_OUTLOOK_RULE.search(element.get("style") or "")))
    )


def _introduces(element: Element) -> bool:
    if "moz-cite-prefix" in (element.get("class") or ""):
        return True
    text = words_of(element)
    return not (element.tail or "").strip() and len(text) < 400 and bool(_INTRODUCTION.match(text.strip()))


def _outermost(element: Element, body: Element) -> Element:
    """Outlook wraps its rule in blocks of its own."""
    for _ in range(_MOST_CLIMBS):
        parent = element.getparent()
        alone = parent is not None and element.getprevious() is None and not (parent.text or "").strip()
        if parent is None or parent is body or not alone:
            return element
        element = parent
    return element


def _something_before(element: Element, body: Element) -> bool:
    at: Element | None = element
    while at is not None and at is not body:
        if any(_says(sibling) for sibling in at.itersiblings(preceding=True)):
            return True
        at = at.getparent()
        if at is not None and (at.text or "").strip():
            return True
    return False


def _something_after(element: Element, body: Element) -> bool:
    at: Element | None = element
    while at is not None and at is not body:
        if (at.tail or "").strip() or any(_says(sibling) for sibling in at.itersiblings()):
            return True
        at = at.getparent()
    return False


def _says(element: Element) -> bool:
    return element.tag == "img" or bool((words_of(element) + (element.tail or "")).strip())
