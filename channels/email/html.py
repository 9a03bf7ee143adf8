"""HTML of a mail made safe to show.

Two steps. On the tree, what we mean is done: pictures of the mail get our
addresses, remote ones wait until somebody asks for them, styles keep only what
changes how text looks, quoted mails are folded. Then nh3 sanitises the result
with a list of what is allowed, and nothing is changed after it. It is shown in
a frame without scripts and with a strict policy all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

import nh3
from lxml.etree import tostring

from channels.email.html_quotes import fold_quotes
from channels.email.markup import Element, Tangled, tree
from crm_core.domain.opened import is_picture

#: Where the address of a remote picture waits; the page shows that there is one.
REMOTE_ATTRIBUTE = "data-remote-src"

_TEXT_TAGS = (
    "a abbr b bdi bdo big blockquote br center cite code dd del details dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i"
    " img ins kbd li mark ol p pre q s samp small span strike strong sub summary sup tt u ul var wbr"
)
_TABLE_TAGS = "table caption colgroup col thead tbody tfoot tr td th"
_TAGS = frozenset(f"{_TEXT_TAGS} {_TABLE_TAGS}".split())
_CELL = {"align", "valign", "bgcolor", "width", "height", "colspan", "rowspan"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", REMOTE_ATTRIBUTE, "alt", "width", "height", "border", "align"},
    "font": {"color", "face", "size"},
    "table": {"align", "bgcolor", "border", "cellpadding", "cellspacing", "width", "height"},
    **dict.fromkeys(("td", "th", "tr", "col", "colgroup", "tbody", "thead", "tfoot"), _CELL),
    "div": {"align"},
    "p": {"align"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "hr": {"width", "size", "color"},
}
_BOX = "border border-top border-right border-bottom border-left border-color border-style border-width border-collapse"
_STYLES = frozenset(
    f"color background-color background font font-family font-size font-style font-weight line-height text-align"
    f" text-decoration text-indent text-transform vertical-align white-space word-break width max-width min-width"
    f" height padding padding-top padding-right padding-bottom padding-left margin margin-top margin-right"
    f" margin-bottom margin-left list-style-type border-radius border-spacing direction {_BOX}".split()
)
#: Words, numbers, colours. No addresses, no escapes, nothing that is looked up, and nothing that moves up or left.
_STYLE_VALUE = re.compile(r"""(?:[\w\s#%.,'"!/]|(?<=[a-z])-|(?:rgb|hsl)a?\([\d\s.,%/]*\))*""", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s]", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https?:)?//[^\s/]", re.IGNORECASE)
_INVISIBLE = re.compile("[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONGEST_LINK = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeHtml:
    html: str
    remote_pictures: int  # that were not loaded; 0 after they were asked for
    content_ids: tuple[str, ...]  # pictures of the mail itself that are shown in it


def safe_html(
    html: str,
    *,
    pictures: Mapping[str, str],
    remote: Callable[[str], str] | None = None,
) -> SafeHtml | None:
    """Of a mail's ``html`` what may be shown; None where only its text should be.

    ``pictures``: content id → the address under which we serve it. ``remote``: the address through which a remote
    picture is fetched; None while nobody has asked for them.
    """
    try:
        body = tree(html)
    except Tangled:
        return None
    if body is None:
        return None
    page = _Page(pictures, remote)
    for element in list(body.iter()):
        page.tidy(element)
    fold_quotes(body)
    return SafeHtml(
        html=cleaner(page.placed).clean(source_of(body)),
        remote_pictures=page.remote_pictures,
        content_ids=tuple(dict.fromkeys(page.content_ids)),
    )


class _Page:
    """What is done with each element before the sanitiser sees it."""

    def __init__(self, pictures: Mapping[str, str], remote: Callable[[str], str] | None) -> None:
        self._pictures = pictures
        self._remote = remote
        self.placed: set[str] = set()
        self.remote_pictures = 0
        self.content_ids: list[str] = []

    def tidy(self, element: Element) -> None:
        if element.tag in {"details", "summary"}:
            element.tag = "div"  # folding is ours
        style = element.get("style")
        if style is not None:
            element.set("style", harmless(style))
        if element.tag == "a":
            self._link(element)
        elif element.tag == "img":
            self._picture(element)

    def _link(self, element: Element) -> None:
        to = _INVISIBLE.sub("", element.get("href") or "")
        element.attrib.pop("href", None)
        if _LINK.match(to) and len(to) <= _LONGEST_LINK:
            element.set("href", to)
            element.set("title", to)  # where it really goes, whatever its text says
        else:
            element.tag = "span"

    def _picture(self, element: Element) -> None:
        source = _INVISIBLE.sub("", element.get("src") or "")
        for name in ("src", REMOTE_ATTRIBUTE):
            element.attrib.pop(name, None)
        if is_picture(source):
            return  # ours comes back in what they quote: nobody is asked whether to load it
        scheme, _, content_id = source.partition(":")
        if scheme.lower() == "cid":
            if (ours := self._pictures.get(content_id.strip("<>"))) is not None:
                self.content_ids.append(content_id.strip("<>"))
                self.placed.add(ours)
                element.set("src", ours)
        elif _REMOTE.match(source) and len(source) <= _LONGEST_LINK:
            source = f"https:{source}" if source.startswith("//") else source
            if self._remote is None:
                self.remote_pictures += 1
                element.set(REMOTE_ATTRIBUTE, source)
            else:
                through = self._remote(source)
                self.placed.add(through)
                element.set("src", through)


@lru_cache(maxsize=4096)
def harmless(style: str) -> str:
    """Of a style attribute, the declarations that only change how text looks."""
    kept = []
    for declaration in style[:4000].split(";"):
        name, _, value = declaration.partition(":")
        if name.strip().lower() in _STYLES and _STYLE_VALUE.fullmatch(value.strip()):
            kept.append(f"{name.strip().lower()}:{value.strip()}")
    return ";".join(kept)


def source_of(body: Element) -> str:
    """What is in it, written out."""
    inside = (body.text or "") and nh3.clean_text(body.text or "")
    return inside + "".join(tostring(child, encoding="unicode", method="html") for child in body)


def cleaner(placed: Set[str] = frozenset()) -> nh3.Cleaner:
    """The guarantee, which comes last; ``placed``: the addresses at which we put pictures, and no others may stand."""
    return _built(placed) if placed else _PLAIN


def _built(placed: Set[str]) -> nh3.Cleaner:
    def only_ours(element: str, attribute: str, value: str) -> str | None:
        if (element, attribute) == ("img", "src"):
            return value if value in placed else None
        return None if value.startswith("data:") else value

    return nh3.Cleaner(
        attribute_filter=only_ours if placed else None,
        tags=_TAGS,
        clean_content_tags={"script", "style", "svg", "math", "template", "title", "iframe", "noscript"},
        attributes=_ATTRIBUTES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", *(("data",) if placed else ())},
        filter_style_properties=_STYLES,
        url_relative=(lambda url: url if url in placed else None) if placed else "deny",
    )


_PLAIN = _built(frozenset())
