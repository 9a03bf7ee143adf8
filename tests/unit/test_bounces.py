"""A mail is lost when nobody it was for is left, and what came back is told address by address."""

from __future__ import annotations

import pytest

from crm_core.domain.bounces import Bounce, Receivers

ANNA, BORIS, COPY = "Anna@client.example", "boris@client.example", "Visa@embassy.example"


def bounced(*addresses: str | None) -> tuple[Bounce, ...]:
    return tuple(Bounce(address=one and one.lower(), words="5.1.1 gone") for one in addresses)


@pytest.mark.parametrize(
    ("to", "cc", "back", "is_lost"),
    [
        ((ANNA,), (), (ANNA,), True),
        ((ANNA,), (COPY,), (COPY,), False),
        ((ANNA,), (COPY,), (ANNA,), True),
        ((ANNA, BORIS), (), (ANNA,), False),
        ((ANNA, BORIS), (COPY,), (ANNA, COPY), False),
        ((ANNA, BORIS), (), (ANNA, BORIS), True),
        ((ANNA,), (COPY,), ("sent@on.example",), True),  # whoever that is: perhaps Anna
        ((ANNA,), (COPY,), (None,), True),
        ((ANNA,), (ANNA,), (ANNA,), True),
        ((), (), (ANNA,), True),
    ],
)
def test_a_copy_that_comes_back_loses_no_mail(
    to: tuple[str, ...], cc: tuple[str, ...], back: tuple[str | None, ...], is_lost: bool
) -> None:
    mail = Receivers(to=to, cc=cc)

    assert bool(mail.lost(bounced(*back))) is is_lost


def test_the_mail_is_lost_by_those_it_was_for() -> None:
    mail = Receivers(to=(ANNA,), cc=(COPY,))

    assert mail.lost(bounced(COPY, ANNA)) == bounced(ANNA)


def test_what_is_told_twice_is_news_once() -> None:
    mail = Receivers(to=(ANNA,), cc=(COPY,), bounces=bounced(COPY))

    assert mail.news(bounced(COPY, ANNA, ANNA, None)) == bounced(ANNA, None)
    assert mail.news(bounced(COPY)) == ()


def test_it_is_said_with_its_address_where_that_is_known() -> None:
    assert [str(one) for one in bounced(COPY, None)] == ["visa@embassy.example: 5.1.1 gone", "5.1.1 gone"]


def test_who_writes_reports_for_ever_fills_nothing() -> None:
    told = bounced(*(f"{number}@evil.example" for number in range(200)))

    assert len(Receivers(to=(ANNA,), cc=()).news(told)) == 100
    assert Receivers(to=(ANNA,), cc=(), bounces=told[:100]).news(told) == ()
