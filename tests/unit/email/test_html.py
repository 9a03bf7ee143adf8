"""HTML of strangers is shown without anything in it that could act, follow or disguise."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.html import REMOTE_ATTRIBUTE, SafeHtml, safe_html
from channels.email.rendition import text_of
from tests.unit.email import corpus

#: What may not be in the result, however it is written.
ACTIVE = re.compile(
    r"<\s*(?:script|style|iframe|object|embed|svg|math|form|input|button|meta|base|link|template|noscript|video|audio)\b"
    r"|\son\w+\s*=|javascript:|vbscript:|data:text|srcset|srcdoc|url\(|expression\(|position\s*:|@import|<!--|behavior",
    re.IGNORECASE,
)
SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<form action=//evil.example><input name=q><button>go</button></form>",
    "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.example></object><embed src=//evil.example>",
    "<base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'><link rel=stylesheet href=//x>",
    "<style>@import '//evil.example';body{background:url(//evil.example)}</style>",
    "<div style='position:fixed;inset:0;background:url(//evil.example)'>x</div>",
    "<div style='width:expression(alert(1));behavior:url(x);-moz-binding:url(x)'>x</div>",
    "<div style='background:u\\72l(//evil.example)'>x</div>",
    "<div style='color:red/*;*/;background-image:url(//evil.example)'>x</div>",
    "<p style=\"font-family:'</style><script>alert(1)</script>'\">x</p>",
    "<template><script>alert(1)</script></template>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<textarea><script>alert(1)</script></textarea><title><script>alert(1)</script></title>",
    "<img srcset='//evil.example/x 2x' src='javascript:alert(1)'>",
    "<table background='//evil.example/x'><td background='//evil.example/x'>x</table>",
    "<video poster=//evil.example/x><source src=//evil.example/y></video><audio src=//evil.example/z></audio>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<?xml-stylesheet href='//evil.example'?><!DOCTYPE html SYSTEM '//evil.example'>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<b\0 onclick=alert(1)>x</b><im\0g src=x onerror=alert(1)>",
]  # fmt: skip


def shown(html: str, **pictures: str) -> SafeHtml:
    safe = safe_html(html, pictures=pictures)
    assert safe is not None
    return safe


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_that_acts_is_left(script: str) -> None:
    safe = shown(f"<p>before</p>{script}<p>after</p>")

    assert not ACTIVE.search(safe.html)
    assert "before" in safe.html


def test_mail_with_scripts_everywhere_keeps_its_words() -> None:
    safe = shown(corpus.mail("script_everywhere").html or "")

    assert not ACTIVE.search(safe.html)
    assert [word for word in ("text", "one", "cell", "named") if word not in safe.html] == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*SCRIPTS, "</p>", "<table>", "</math>", "<p>", "<!--", "-->", "<b>", "'", '"', "<"])))
def test_however_they_are_put_together_nothing_acts(pieces: list[str]) -> None:
    safe = safe_html("".join(pieces), pictures={})

    assert safe is None or not ACTIVE.search(re.sub(r'="[^"]*"', "", safe.html))


def test_links_open_elsewhere_and_say_where_they_go() -> None:
    safe = shown('<a href=" HTTPS://evil.example/ ">www.bank.example</a>')

    assert 'target="_blank"' in safe.html
    assert 'rel="noopener noreferrer nofollow"' in safe.html
    assert 'title="HTTPS://evil.example/"' in safe.html


@pytest.mark.parametrize("to", ["/api/v1/session", "//evil.example", "x.html", "ftp://x.example", "?q=1", "#top"])
def test_links_into_our_own_pages_lead_nowhere(to: str) -> None:
    assert shown(f'<a href="{to}">x</a>').html == "<span>x</span>"


def test_our_own_picture_in_what_a_client_quotes_is_never_loaded_nor_asked_about() -> None:
    address = f"https://crm.example/mail/opened/{'ab' * 48}.gif"

    waiting = safe_html(f"<p>Да</p><img src='{address}'>", pictures={})
    asked = safe_html(f"<p>Да</p><img src='{address}'>", pictures={}, remote=lambda source: source)

    for one in (waiting, asked):
        assert one is not None
        assert (one.remote_pictures, "mail/opened" in one.html) == (0, False)


def test_remote_pictures_wait_until_somebody_asks() -> None:
    html = '<img src="https://track.example/a.gif" alt="offer"><img src="//track.example/b.gif">'

    waiting = shown(html)
    asked = safe_html(html, pictures={}, remote=lambda url: f"/api/v1/pictures?of={len(url)}")

    assert waiting.remote_pictures == 2
    assert " src=" not in waiting.html
    assert f'{REMOTE_ATTRIBUTE}="https://track.example/b.gif"' in waiting.html
    assert asked is not None
    assert asked.remote_pictures == 0
    assert 'src="/api/v1/pictures?of=27"' in asked.html
    assert "track.example" not in asked.html


def test_pictures_of_the_mail_are_shown_from_our_address() -> None:
    safe = shown('<img src="cid:logo@x"><img src="CID:lost@x">', **{"logo@x": "/files/1"})

    assert safe.html == '<img src="/files/1"><img>'
    assert safe.content_ids == ("logo@x",)


def test_sender_cannot_make_up_a_waiting_picture() -> None:
    assert REMOTE_ATTRIBUTE not in shown(f'<img {REMOTE_ATTRIBUTE}="javascript:alert(1)">').html


def test_styles_keep_what_changes_how_text_looks() -> None:
    styled = (
        "color:#333; font: bold 12px 'Segoe UI'; border-top:1px solid rgb(1,2,3); margin-left:-40px; z-index:9; top:0"
    )

    assert shown(f'<p style="{styled}">x</p>').html == (
        '<p style="color:#333;font:bold 12px &quot;Segoe UI&quot;;border-top:1px solid rgb(1, 2, 3)">x</p>'
    )


def test_what_cannot_be_seen_is_not_there() -> None:
    html = (
        '<p>seen</p><div style="display: none">hidden</div><span hidden="">gone</span><p style="mso-hide:all">too</p>'
    )

    assert shown(html).html == "<p>seen</p>"
    assert text_of(html) == "seen"


@pytest.mark.parametrize("name", ["gmail_ru_reply", "outlook_ru_reply", "yandex_ru_reply", "mailru_reply"])
def test_quoted_mail_is_folded_under_the_answer(name: str) -> None:
    answer, folding, quoted = shown(corpus.mail(name).html or "").html.partition("<details><summary>…</summary>")

    assert folding
    assert "Sunrise" not in answer
    assert "Sunrise" in quoted


def test_answer_between_the_quotes_leaves_them_open() -> None:
    assert (
        "<details>"
        not in shown("<p>Hi</p><blockquote>one?</blockquote><p>yes</p><blockquote>two?</blockquote><p>no</p>").html
    )


def test_forwarded_mail_without_a_word_stays_open() -> None:
    assert "<details>" not in shown('<div class="gmail_quote">forwarded</div>').html


@pytest.mark.parametrize("html", ["", "   ", "<!-- -->", "<script></script>"])
def test_html_of_nothing_is_nothing(html: str) -> None:
    safe = safe_html(html, pictures={})

    assert safe is None or safe.html.strip() == ""
    assert text_of(html) == ""


def test_words_of_html_as_a_text_mail_would_have_them() -> None:
    html = """<h1>Offer</h1><p>Two weeks,<br>all   inclusive:</p><ul><li>sea<li>sun</ul>
    <table><tr><td>Antalya</td><td>300&nbsp;000</td></tr><tr><td>Kemer</td><td>280 000</td></tr></table>
    <a href="https://x.example/">x.example</a> <a href="https://x.example/a?b=1">book</a>
    <pre>a  b
      c</pre><blockquote>old<blockquote>older</blockquote></blockquote><img alt="logo">"""

    assert text_of(html).split("\n") == [
        *["Offer", "", "Two weeks,", "all inclusive:", "", "- sea", "- sun", ""],
        *["Antalya 300 000", "Kemer 280 000", "x.example book <https://x.example/a?b=1>", "a  b", "      c", ""],
        *["> old", ">", "> > older", ">", "logo"],
    ]
