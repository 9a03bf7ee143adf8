"""A mail's page shows the mail's own pictures, remote ones when they were asked for, and runs nothing."""

from __future__ import annotations

import pytest

from channels.email.html import safe_html
from channels.email.page import Picture, page, policy
from tests.unit.email.test_html import ACTIVE, SCRIPTS

LOGO = Picture(content_id="logo@client", type="image/png", data=b"\x89PNG")
STORED = "pictures/logo%40client"


def stored(html: str) -> str:
    safe = safe_html(html, pictures={"logo@client": STORED})
    assert safe is not None
    return safe.html


def test_the_mails_own_pictures_are_written_into_it() -> None:
    shown = page(stored("<p>Счёт <img src='cid:logo@client'></p>"), "Счёт", [LOGO], remote=False)

    assert 'src="data:image/png;base64,iVBORw=="' in shown
    assert "pictures/" not in shown


def test_what_calls_itself_a_picture_and_could_run_is_left_out() -> None:
    drawn = Picture(content_id="logo@client", type="image/svg+xml", data=b"<svg onload=alert(1)>")

    shown = page(stored("<img src='cid:logo@client' alt='Логотип'>"), "", [drawn], remote=False)

    assert 'alt="Логотип"' in shown
    assert "src=" not in shown


def test_remote_pictures_wait_until_they_are_asked_for() -> None:
    html = stored("<img src='https://shop.example/a.png'><img src='http://shop.example/b.png'>")

    before, after = page(html, "", [], remote=False), page(html, "", [], remote=True)

    assert ' src="' not in before
    assert ' src="https://shop.example/a.png"' in after
    assert ' src="http://' not in after
    assert ("https:" in policy(remote=False), "https:" in policy(remote=True)) == (False, True)


def test_text_alone_is_shown_as_it_was_written() -> None:
    assert "<pre>1 &lt; 2\nда</pre>" in page(None, "1 < 2\nда", [], remote=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_runs_even_if_it_had_been_stored(script: str) -> None:
    for remote in (False, True):
        body = page(script + "<img src='cid:x'>", "", [LOGO], remote=remote).partition("<body>")[2]

        assert not ACTIVE.search(body)


def test_data_is_an_address_of_our_pictures_only() -> None:
    html = f"<img src='{STORED}'><img src='data:image/png;base64,AAAA'><a href='data:text/plain,x'>x</a>"

    shown = page(html, "", [LOGO], remote=True)

    assert shown.count("data:") == 1
