"""Text is read in the charset it was written in, whatever was declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.charsets import decoded, known

RUSSIAN = [
    "Привет",
    "Re: тур в Турцию",
    "Счёт",
    "Иванов И.И.",
    "Добрый день! Хотим в Турцию на двоих, завтрак и ужин.",
    "Отправлено с iPhone",
]
DECLARED = [None, "us-ascii", "iso-8859-1", "utf-8", "no-such-charset", "windows-1251", "koi8-r"]


@pytest.mark.parametrize("text", RUSSIAN)
@pytest.mark.parametrize("written", ["utf-8", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("declared", DECLARED)
def test_russian_is_read_under_any_declaration(text: str, written: str, declared: str | None) -> None:
    assert decoded(text.encode(written), declared) == text


@pytest.mark.parametrize("written", ["cp866", "iso-8859-5"])
@pytest.mark.parametrize("declared", [None, "windows-1251"])
def test_rare_code_pages_are_known_by_a_whole_sentence(written: str, declared: str | None) -> None:
    text = "Сообщите, пожалуйста, стоимость тура."

    assert decoded(text.encode(written), declared) == text


@pytest.mark.parametrize("text", ["Grüße aus München", "Café à la carte, déjà vu", "naïve", "Élan"])
@pytest.mark.parametrize("declared", [None, "iso-8859-1", "windows-1252", "utf-8", "koi8-r"])
def test_western_text_stays_western(text: str, declared: str | None) -> None:
    assert decoded(text.encode("cp1252"), declared) == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Сәлеметсіз бе, Әйгерім", "kz1048"),
        ("Καλημέρα", "iso-8859-7"),
        ("Türkiye'ye bir gezi, şöyle", "iso-8859-9"),
        ("安塔利亚之旅", "gb2312"),
        ("アンタルヤ", "iso-2022-jp"),
        ("شكرا", "windows-1256"),
    ],
)
def test_what_is_declared_and_can_be_is_believed(text: str, charset: str) -> None:
    assert decoded(text.encode(charset), charset) == text


def test_utf_8_that_lost_a_byte_is_still_utf_8() -> None:
    assert decoded("Добрый день".encode()[:-1], "utf-8") == "Добрый ден\N{REPLACEMENT CHARACTER}"


def test_marks_at_the_beginning_win() -> None:
    assert decoded("Привет".encode("utf-16"), "windows-1251") == "Привет"
    assert decoded("Привет".encode("utf-8-sig"), "koi8-r") == "Привет"


@pytest.mark.parametrize("name", ["utf-7", "base64", "rot13", "unicode_escape", "idna", "", "\0", "x" * 10_000])
def test_codecs_that_are_none_or_hide_markup_are_unknown(name: str) -> None:
    assert known(name) is None


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["gb2312", "utf-16", "hz"])))
def test_any_bytes_are_some_text(data: bytes, declared: str | None) -> None:
    decoded(data, declared).encode()
