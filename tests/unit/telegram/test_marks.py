"""What a stranger marks in a text is kept; where they would lead a browser astray is not."""

from __future__ import annotations

import pytest

from channels.telegram.marks import marks_of
from channels.telegram.values import Entity
from crm_core.domain.written import Mark, MarkKind


def entity(kind: str, offset: int, length: int, url: str | None = None) -> Entity:
    return Entity(kind=kind, offset=offset, length=length, url=url)


def test_parts_keep_their_places_and_what_is_not_shown_otherwise_is_left_out() -> None:
    told = [entity("bold", 0, 7), entity("mention", 0, 3), entity("expandable_blockquote", 3, 3), entity("<b>", 0, 1)]

    assert marks_of("😀 тур в горы", told) == (
        Mark(kind=MarkKind.BOLD, offset=0, length=7),
        Mark(kind=MarkKind.QUOTE, offset=3, length=3),
    )


def test_a_written_address_is_cut_out_by_units_of_two_bytes() -> None:
    [link] = marks_of("😀 e.kz/туры", [entity("url", 3, 9)])

    assert link.address == "https://e.kz/туры"


@pytest.mark.parametrize(
    ("written", "kind", "url", "address"),
    [
        ("сайт", "text_link", "https://e.kz/?a=1&b=2", "https://e.kz/?a=1&b=2"),
        ("a@e.kz", "email", None, "mailto:a@e.kz"),
        ("сайт", "text_link", 'https://e.kz/" onclick="a()', 'https://e.kz/" onclick="a()'),
        ("сайт", "text_link", "javascript:alert(1)", None),
        ("сайт", "text_link", " JaVaScRiPt:alert(1)", None),
        ("сайт", "text_link", "java\tscript:alert(1)", None),
        ("сайт", "text_link", "data:text/html,<script>", None),
        ("сайт", "text_link", "vbscript:a", None),
        ("сайт", "text_link", "//e.kz", None),
        ("сайт", "text_link", "http://[", None),
        ("сайт", "text_link", None, None),
        ("javascript://e.kz/%0aalert(1)", "url", None, None),
    ],
)
def test_a_link_leads_to_a_page_or_is_text(written: str, kind: str, url: str | None, address: str | None) -> None:
    found = marks_of(written, [entity(kind, 0, len(written), url)])

    assert [mark.address for mark in found] == ([address] if address else [])
