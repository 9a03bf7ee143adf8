"""The address of the picture in a mail is the same whenever it is made, and nobody else can make it."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.domain.opened import is_picture, is_token_of, message_named, picture_path

MAIL, OTHER = UUID("0195d4c0-1111-7000-8000-000000000002"), UUID("0195d4c0-1111-7000-8000-000000000003")
SECRET, OTHERS = UUID("7d0f3c6e-0000-4000-8000-000000000001"), UUID("7d0f3c6e-0000-4000-8000-000000000002")
TOKEN = picture_path(MAIL, SECRET).removeprefix("/mail/opened/").removesuffix(".gif")


def test_it_names_its_mail_and_is_the_same_each_time() -> None:
    assert picture_path(MAIL, SECRET) == f"/mail/opened/{TOKEN}.gif"
    assert message_named(TOKEN) == MAIL
    assert is_token_of(TOKEN, MAIL, SECRET)


def test_nobody_makes_it_from_ids_that_others_know() -> None:
    swapped = OTHER.hex + TOKEN[32:]

    assert message_named(swapped) == OTHER
    assert not is_token_of(swapped, OTHER, SECRET)
    assert not is_token_of(TOKEN, MAIL, OTHERS)
    assert TOKEN[32:] not in picture_path(OTHER, SECRET)


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], f"{TOKEN}0", TOKEN.upper(), f"{TOKEN}\n", "\udcff" * 96, "е" * 96]
)
def test_what_cannot_be_one_names_nothing(token: str) -> None:
    assert message_named(token) is None


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        (f"https://crm.example/mail/opened/{TOKEN}.gif", True),
        (f"https://crm.example/below/mail/opened/{TOKEN}.gif", True),
        (f"https://ci3.proxy.example/meips/AbC#https://crm.example/mail/opened/{TOKEN}.gif", True),
        ("https://crm.example/mail/opened/logo.gif", False),
        (f"https://crm.example/mail/opened/{TOKEN}.gif?x=1", False),
    ],
)
def test_it_is_known_again_in_what_others_quote(address: str, ours: bool) -> None:
    assert is_picture(address) is ours
