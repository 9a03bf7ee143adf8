"""What a manager wrote says the same in HTML, to the last space, and nothing of it is markup."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring

from channels.email.text_as_html import text_as_html

PICTURE = "https://crm.example/mail/opened/ab.gif?a=1&b=2"


def page(text: str) -> HtmlElement:
    return document_fromstring(text_as_html(text, picture=PICTURE))


def shown(text: str) -> list[str]:
    """The lines somebody sees."""
    html = text_as_html(text, picture=PICTURE).partition("<body")[2].partition(">")[2]
    lines = unescape(re.sub("<[^>]*>", "", html)).replace("\N{NO-BREAK SPACE}", " ").split("\n")
    return lines[1:-3]  # between the page's beginning and its picture


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\N{NO-BREAK SPACE}")))
def test_every_sign_is_shown_as_it_was_written(line: str) -> None:
    assert shown(f"|{line}") == [f"|{line}"]


def test_lines_and_indents_stand_where_they_stood() -> None:
    said = "День 1:\n  завтрак,  обед\n\nДень 2:\n\tвыезд"

    assert shown(said) == said.expandtabs(4).split("\n")
    assert len(page(said).findall(".//br")) == 4


def test_markup_that_somebody_wrote_is_words() -> None:
    said = "<script>alert(1)</script> <img src=x onerror=alert(1)> &amp; \"'"

    assert [element.tag for element in page(said).body.iter()] == ["body", "div", "img"]
    assert shown(said) == [said]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("Смотрите https://tours.example/x?a=1&b=2.", "https://tours.example/x?a=1&b=2"),
        ("(https://tours.example/a_(b))", "https://tours.example/a_(b)"),
        ("HTTP://tours.example/тур, и вот", "HTTP://tours.example/тур"),
        ('"https://tours.example/"', "https://tours.example/"),
        ("https://tours.example/?q=<script>", "https://tours.example/?q="),
    ],
)
def test_a_link_can_be_clicked(said: str, address: str) -> None:
    [link] = page(said).findall(".//a")

    assert (link.get("href"), link.text) == (address, address)


@pytest.mark.parametrize(
    "said", ["javascript:alert(1)", "data:text/html,x", "https://", "https://.", "ftp://a.example"]
)
def test_what_is_no_link_of_the_web_is_words(said: str) -> None:
    assert page(said).findall(".//a") == []
    assert shown(said) == [said]


def test_a_quote_is_a_quote_and_a_deep_one_ends_nobody() -> None:
    quoted = page("Да.\n> Вы писали\n>> Раньше\nИ ещё")

    assert [one.text_content().split() for one in quoted.findall(".//blockquote")] == [
        ["Вы", "писали", "Раньше"],
        ["Раньше"],
    ]
    assert len(page(">" * 100_000).findall(".//blockquote")) == 8


def test_one_picture_stands_in_it_which_nobody_sees() -> None:
    [picture] = page("Привет").findall(".//img")

    assert dict(picture.attrib) == {"src": PICTURE, "width": "1", "height": "1", "alt": ""}
