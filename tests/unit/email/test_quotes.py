"""The writer's own words stand apart from quotes and signatures, whatever program wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.quotes import folded

INTRODUCTIONS = {
    "Gmail ru": "пн, 2 мар. 2026 г. в 09:40, Анна Тур <anna@agency.example>:",
    "Gmail ru, wrapped": "пн, 2 мар. 2026 г. в 09:40, Анна Тур\n<anna@agency.example>:",
    "Gmail en": "On Mon, Mar 2, 2026 at 9:40 AM Anna Tour <anna@agency.example> wrote:",
    "Gmail en, wrapped": "On Mon, Mar 2, 2026 at 9:40 AM Anna Tour <anna@agency.example>\nwrote:",
    "Gmail de": "Am Mo., 2. März 2026 um 09:40 Uhr schrieb Anna <anna@agency.example>:",
    "Apple ru": "2 марта 2026 г., в 09:40, Анна Тур <anna@agency.example> написал(а):",
    "Apple en": "On 2 Mar 2026, at 09:40, Anna Tour <anna@agency.example> wrote:",
    "Apple de": "Am 02.03.2026 um 09:40 schrieb Anna Tour <anna@agency.example>:",
    "Yandex": '02.03.2026, 09:40, "Анна Тур" <anna@agency.example>:',
    "Mail.ru": "Понедельник, 2 марта 2026, 9:40 +05:00 от Анна Тур <anna@agency.example>:",
    "Thunderbird ru": "02.03.2026 9:40, Анна Тур пишет:",
    "Thunderbird en": "On 3/2/26 9:40 AM, Anna Tour wrote:",
}
BLOCKS = {
    "Outlook en": "From: Anna <a@agency.example>\nSent: Monday, March 2, 2026 9:40 AM\nTo: Ivan\nSubject: RE: tour\n",
    "Outlook ru": "От: Анна Тур\nОтправлено: 2 марта 2026 г. 9:40\nКому: Иван\nТема: RE: тур\n",
    "Outlook de": "Von: Anna\nGesendet: Montag, 2. März 2026 09:40\nAn: Ivan\nBetreff: AW: Reise\n",
    "Outlook mobile": "________________________________\nОт: Анна\nОтправлено: 2 марта 2026\nКому: Иван\nТема: тур\n",
    "old Outlook": "-----Original Message-----\nFrom: Anna\n",
    "old Outlook de": "-----Ursprüngliche Nachricht-----\nVon: Anna\n",
    "Yandex forward": "-------- Пересылаемое сообщение --------\n02.03.2026, Анна:\n",
    "starred": "*From:* Anna <anna@agency.example>\n*Sent:* Monday\n*To:* Ivan\n*Subject:* tour\n",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize("mark", ["> ", ""], ids=["marked", "unmarked"])
def test_answer_above_an_introduced_quote(introduction: str, mark: str) -> None:
    text = folded(f"Да, берём.\n\n{introduction}\n\n{mark}Цена 450 000\n{mark}Анна\n")

    assert text.own == "Да, берём."
    assert text.quoted.startswith(introduction)
    assert "450 000" in text.quoted


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_answer_above_a_quoted_head(block: str) -> None:
    text = folded(f"Yes, please.\n\n{block}\nOld text\n")

    assert (text.own, text.quoted) == ("Yes, please.", f"{block}\nOld text")


def test_introduction_right_under_the_answer() -> None:
    text = folded('Да.\n02.03.2026, 09:40, "Анна" <anna@agency.example>:\n> Берёте?')

    assert text.own == "Да."


def test_answer_below_and_between_the_quotes() -> None:
    text = folded(
        "On 3/2/26 9:40 AM, Anna wrote:\n> Two adults?\n\nAnd a child.\n\n> Sunrise?\n\nSunset.\n\n"
        "-- \nJohn\n+7 701 0000000"
    )

    assert text.own == "And a child.\n\n\nSunset."
    assert text.quoted == "On 3/2/26 9:40 AM, Anna wrote:\n> Two adults?\n> Sunrise?"
    assert text.signature == "-- \nJohn\n+7 701 0000000"


@pytest.mark.parametrize(
    "signature",
    [
        "Отправлено с iPhone",
        "Отправлено из мобильной Яндекс Почты: http://m.ya.example/mail",
        "Sent from my Galaxy",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "С уважением,\nПётр Кузнецов\n+7 701 000 00 00",
        "С наилучшими пожеланиями, Пётр",
        "Best regards,\nPeter\n\nSent from my iPhone",
        "Mit freundlichen Grüßen\nPeter",
        "Құрметпен, Әйгерім",
        "-- \nPeter\nThe Company",
    ],
)
def test_signature_is_folded(signature: str) -> None:
    text = folded(f"Берём два номера.\n\n{signature}\n")

    assert (text.own, text.signature) == ("Берём два номера.", signature)


@pytest.mark.parametrize(
    "text",
    [
        "Наши данные:\nFrom: Almaty\nTo: Antalya\nDate: 5 June\nThree people",
        "Вот что пишет:\n- отель\n- дата",
        "В 10:30 буду у вас. Мой адрес <ivan@client.example>, 2026 год рождения сына неверный",
        "From: the two of us\n\nThank you!",
        "-------- Forwarded message --------\nFrom: Hotel\nSubject: Prices\n\n100",
        "Sent from the hotel: all is well, the room is good",
    ],
    ids=["route", "list", "time and address", "from", "only forwarded", "a sentence"],
)
def test_own_words_that_look_like_a_quote_are_not_folded(text: str) -> None:
    assert folded(text).own == text


@given(st.lists(st.sampled_from([*INTRODUCTIONS.values(), *BLOCKS.values(), "> q", "own", "", "-- ", "С уважением,"])))
def test_every_line_is_kept_once(pieces: list[str]) -> None:
    whole = "\n".join(pieces)

    text = folded(whole)

    parts = "\n".join([text.own, text.quoted, text.signature]).split("\n")
    assert sorted(filter(str.strip, parts)) == sorted(filter(str.strip, whole.split("\n")))
