"""Whatever a trunk sends or a person types, one person's number is one number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.phones import is_withheld, masked, normalise, searched_digits

AIGERIM = "+77011234567"


@pytest.mark.parametrize(
    "typed",
    [
        "+77011234567",
        "+7 701 123 45 67",
        "+7 (701) 123-45-67",
        "(+7)7011234567",
        "8 701 123 45 67",
        "8(701)123-45-67",
        "8-701-123-45-67",
        "8.701.123.45.67",
        "8/701/1234567",
        "87011234567",
        "77011234567",
        "7 701 1234567",
        "7011234567",
        "701 123 45 67",
        "007 701 123 45 67",
        "0077011234567",
        "8 10 7 701 123 45 67",
        "81077011234567",
        "+8 701 123 45 67",
        "  8 701 123 45 67  \r\n",
        "8\u00a0701\u00a0123\u00a045\u00a067",
        "+7\u202f701\u2009123–45—67",
        "\u202a+7 701 123-45-67\u202c",
        "tel:+77011234567",
        "TEL:+7-701-123-45-67;ext=12",
    ],
)
@pytest.mark.parametrize("country", ["KZ", "RU"])
def test_every_way_to_write_a_number_of_code_7_means_the_same_person(typed: str, country: str) -> None:
    assert normalise(typed, country) == AIGERIM


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("8 (916) 123-45-67", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("8 800 555-35-35", "+78005553535"),
        ("8 727 244 11 22", "+77272441122"),
        ("4951234567", "+74951234567"),
        ("+998 90 123-45-67", "+998901234567"),
        ("998901234567", "+998901234567"),
        ("00 49 30 12345678", "+493012345678"),
        ("8 10 49 30 12345678", "+493012345678"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("+870 773 123456", "+870773123456"),
    ],
)
def test_numbers_from_other_places_are_known_too(typed: str, number: str) -> None:
    assert normalise(typed, "KZ") == number


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "00",
        "810",
        "12",
        "101",
        "1017",
        "123456",
        "2441122",
        "+77011234567890",
        "+7701123456",
        "87011234567/87017654321",
        "+7 701 123 45 67 доб. 12",
        "+7 701 CALL ME",
        "anonymous",
        "<b>+77011234567</b>",
        "+77011234567&PJSIP/trunk/+79001234567",
        "${EXTEN}",
        "${SHELL(id)}",
        "+77011234567\r\nAction: Originate",
        "+77011234567\x00",
        "＋７７０１１２３４５６７",
        "٠١٢٣٤٥٦٧٨٩",
        "9" * 10_000,
        "sip:87011234567@pbx.example",
    ],
)
def test_what_is_not_a_telephone_number_is_none(typed: str) -> None:
    assert normalise(typed, "KZ") is None


def test_another_country_is_read_by_its_own_rules() -> None:
    assert normalise("020 7946 0958", "GB") == "+442079460958"
    assert normalise("0532 123 45 67", "TR") == "+905321234567"
    assert normalise("87011234567", "GB") is None


@given(
    typed=st.text(alphabet="+0123456789 ()-./\u00a0\u202aabйtel:;${}\r\n\x00", max_size=30),
    country=st.sampled_from(["KZ", "RU", "GB"]),
)
def test_no_text_breaks_it_and_a_normal_number_stays_as_it_is(typed: str, country: str) -> None:
    number = normalise(typed, country)

    if number is not None:
        assert number[0] == "+"
        assert number[1:].isdigit()
        assert 8 <= len(number) <= 17
        assert normalise(number, country) == number


@given(typed=st.text(), country=st.sampled_from(["KZ", "RU"]))
def test_any_text_at_all_is_a_number_or_none(typed: str, country: str) -> None:
    number = normalise(typed, country)

    assert number is None or normalise(number, country) == number
    assert masked(typed)
    assert searched_digits(typed) is None or len(searched_digits(typed) or "") >= 4


@given(national=st.from_regex(r"[3-9][0-9]{9}", fullmatch=True))
def test_the_trunk_prefix_the_country_code_and_nothing_at_all_are_one_number(national: str) -> None:
    written = {normalise(prefix + national, "KZ") for prefix in ("8", "7", "+7", "007", "8107")}

    assert written == {f"+7{national}"}


@pytest.mark.parametrize("sent", ["", "anonymous", "Anonymous", " unknown ", "<unknown>", "Restricted", "asterisk"])
def test_a_withheld_number_is_told_from_a_strange_one(sent: str) -> None:
    assert is_withheld(sent)


def test_a_number_that_is_only_strange_is_not_withheld() -> None:
    assert not is_withheld("1017")
    assert not is_withheld("+77011234567")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(AIGERIM, "+7 701 ··· 45 67"), ("+493012345678", "··· 56 78"), ("1017", "···"), ("", "···")],
)
def test_a_masked_number_shows_only_enough_to_recognise_it(number: str, shown: str) -> None:
    assert masked(number) == shown


@pytest.mark.parametrize(
    ("query", "digits"),
    [
        ("45 67", "4567"),
        ("+7 (701) 12", "770112"),
        ("8701", "8701"),
        ("123", None),
        ("Иванов 1234", None),
        ("", None),
    ],
)
def test_a_query_of_digits_is_searched_among_numbers(query: str, digits: str | None) -> None:
    assert searched_digits(query) == digits
