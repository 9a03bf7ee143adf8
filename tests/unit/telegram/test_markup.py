"""What a stranger marks in a text is shown; what they would have a browser do is not."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.markup import as_html
from channels.telegram.values import Entity


def mark(kind: str, offset: int, length: int, url: str | None = None) -> Entity:
    return Entity(kind=kind, offset=offset, length=length, url=url)


def test_marks_lie_in_each_other_and_across() -> None:
    marks = [mark("bold", 0, 7), mark("italic", 4, 6), mark("code", 0, 3)]

    assert as_html("раз два три", marks) == "<b><code>раз</code> <i>два</i></b><i> тр</i>и"


def test_letters_of_two_units_are_counted_as_two() -> None:
    assert as_html("😀 тур", [mark("bold", 3, 3)]) == "😀 <b>тур</b>"
    assert as_html("😀", [mark("bold", 1, 1)]) == "\ufffd<b>\ufffd</b>"


def test_what_is_written_is_text() -> None:
    assert as_html('<img src=x onerror="a()">', []) == "&lt;img src=x onerror=&quot;a()&quot;&gt;"


@pytest.mark.parametrize(
    ("written", "kind", "url", "href"),
    [
        ("сайт", "text_link", "https://e.kz/?a=1&b=2", "https://e.kz/?a=1&b=2"),
        ("e.kz/туры", "url", None, "https://e.kz/туры"),
        ("a@e.kz", "email", None, "mailto:a@e.kz"),
        ("сайт", "text_link", "javascript:alert(1)", None),
        ("сайт", "text_link", " JaVaScRiPt:alert(1)", None),
        ("сайт", "text_link", "data:text/html,<script>", None),
        ("сайт", "text_link", "//e.kz", None),
        ("сайт", "text_link", "http://[", None),
        ("javascript://e.kz/%0aalert(1)", "url", None, None),
        ("сайт", "text_link", 'https://e.kz/" onclick="a()', 'https://e.kz/" onclick="a()'),
    ],
)
def test_a_link_leads_to_a_page_or_nowhere(written: str, kind: str, url: str | None, href: str | None) -> None:
    seen = Seen(as_html(written, [mark(kind, 0, len(written), url)]))

    assert "".join(seen.text) == written
    assert seen.attributes == (
        [{"href": href, "target": "_blank", "rel": "noopener noreferrer nofollow"}] if href else []
    )


KINDS = st.sampled_from(
    ["bold", "italic", "pre", "blockquote", "spoiler", "text_link", "url", "email", "mention", "<b>"]
)


@settings(max_examples=60)
@given(st.data(), st.text(st.sampled_from("ая<>&\"'😀\n:/."), min_size=1, max_size=12))
def test_whatever_is_marked_all_tags_close_in_order_and_the_text_is_whole(data: st.DataObject, text: str) -> None:
    units = len(text.encode("utf-16-le")) // 2
    marks = []
    for _ in range(data.draw(st.integers(0, 6))):
        offset = data.draw(st.integers(0, units - 1))
        length = data.draw(st.integers(1, units - offset))
        marks.append(
            mark(data.draw(KINDS), offset, length, data.draw(st.sampled_from([None, "https://e.kz/", "x:'\"<"])))
        )

    seen = Seen(as_html(text, marks))

    assert seen.open == []
    assert seen.tags <= {"b", "i", "pre", "blockquote", "span", "a"}
    if "😀" not in text:
        assert "".join(seen.text) == text


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes += [dict(attrs)] if tag == "a" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
