"""A header's structure is read before its words, and nothing that a stranger writes changes it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.headers import addresses, message_ids, moment, parameters, words
from crm_core.domain.strangers_words import file_name

ANY_HEADER = st.text(st.characters(max_codepoint=0x2FFF), max_size=200) | st.text("=?utf-8?bq?<>\"(),:;@a.b'*%2\\ \r\n")


def encoded(text: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


@pytest.mark.parametrize(
    ("raw", "people"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Anna <a@b.example>, c@d.example (Boris)", [("Anna", "a@b.example"), ("Boris", "c@d.example")]),
        ('"Last, First" <a@b.example>', [("Last, First", "a@b.example")]),
        ('"She said \\"hi\\"" <a@b.example>', [('She said "hi"', "a@b.example")]),
        (f'"{encoded("Иван, отдел 5")}" <a@b.example>', [("Иван, отдел 5", "a@b.example")]),
        ("Team: a@b.example, c@d.example;, e@f.example", [("", f"{one}.example") for one in ("a@b", "c@d", "e@f")]),
        ("undisclosed-recipients:;", []),
        ("<a@b.example\r\n >", [("", "a@b.example")]),
        ("<@relay.example:a@b.example>", [("", "a@b.example")]),
        ("Name with no address", []),
        ("почта@пример.рф", [("", "почта@пример.рф")]),
    ],
)  # fmt: skip
def test_people_of_a_header(raw: str, people: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in addresses(raw)] == people


@pytest.mark.parametrize(
    "hidden", ["boss@agency.example", "x> <boss@agency.example", 'a", "boss" <boss@agency.example>']
)
def test_encoded_name_never_becomes_an_address(hidden: str) -> None:
    (only,) = addresses(f"{encoded(hidden)} <stranger@evil.example>")

    assert (only.name, only.address) == (hidden, "stranger@evil.example")


def test_name_cannot_turn_the_line_over_or_break_it() -> None:
    (only,) = addresses(encoded("Anna\u202e\r\nBcc: x@y.example\x00") + " <a@b.example>")

    assert only.name == "Anna Bcc: x@y.example"


def test_ids_lose_their_folding_and_keep_their_order() -> None:
    assert message_ids("<a@b> <c\r\n d@e>\r\n\t<a@b> junk f@g <>") == ("a@b", "cd@e", "f@g")


def test_of_a_very_long_thread_the_first_and_the_nearest_mails_are_kept() -> None:
    ids = message_ids(" ".join(f"<{number}@x>" for number in range(1000)))

    assert len(ids) == 100
    assert (ids[0], ids[-1]) == ("0@x", "999@x")


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("Mon, 2 Mar 2026 10:11:12 +0500", datetime(2026, 3, 2, 5, 11, 12, tzinfo=UTC)),
        ("2 Mar 26 10:11 -0000", datetime(2026, 3, 2, 10, 11, tzinfo=UTC)),
        ("Mon, 31 Feb 2026 10:11:12 +0500", None),
        ("31 Dec 9999 23:59:59 -2359", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_moment_is_one_that_can_be(raw: str, at: datetime | None) -> None:
    assert moment(raw) == at


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("attachment; filename=a.pdf", "a.pdf"),
        ('attachment; filename="a; b.pdf"', "a; b.pdf"),
        ("attachment; filename=два слова.pdf; size=3", "два слова.pdf"),
        (f"attachment; filename={encoded('счёт.pdf')}", "счёт.pdf"),
        ("attachment; filename*=utf-8''%D1%81%D1%87%D1%91%D1%82.pdf; filename=x.pdf", "счёт.pdf"),
        ("attachment; filename*1*=%91%D1%82.pdf; filename*0*=utf-8''%D1%81%D1%87%D1", "счёт.pdf"),
        ("attachment; filename*=koi8-r'ru'%D3%DE%A3%D4.pdf", "счёт.pdf"),
        ("attachment; filename*=nonsense'%zz", "nonsense'%zz"),
    ],
)
def test_parameter_in_every_spelling(raw: str, name: str) -> None:
    assert parameters(raw)["filename"] == name


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u2215b:c|d.txt", "a_b_c_d.txt"),
        ("aux.txt", "_aux.txt"),
        (".htaccess ", "htaccess"),
        ("...", "file"),
        ("", "file"),
        (None, "file"),
    ],
)
def test_file_name_is_safe_to_show_and_to_save(sent: str | None, safe: str) -> None:
    assert file_name(sent) == safe


@given(st.text(max_size=1000))
def test_any_file_name_is_one_step_of_a_path(sent: str) -> None:
    name = file_name(sent)

    assert name
    assert name not in {".", ".."}
    assert len(name.encode()) <= 255
    assert name.isprintable() or all(letter.isprintable() or not letter.isspace() for letter in name)
    assert not set(name) & set('/\\:*?"<>|\0\r\n\u202e')


@given(ANY_HEADER)
def test_nothing_in_a_header_raises_or_breaks_a_line(raw: str) -> None:
    raw = raw.encode("utf-8", "replace").decode("ascii", "surrogateescape")
    told = [words(raw), *parameters(raw).values(), *message_ids(raw)]
    for one in addresses(raw):
        told += [one.name, one.address]
    moment(raw)

    assert not any(set(text) & set("\r\n\0") for text in told)
    assert all(text.encode() is not None for text in told)
