"""By which address an answer comes back, and when no program may answer."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from channels.email.automatic import may_answer_automatically
from channels.email.headers import Address, addresses
from channels.email.reply_address import conversation_meant, reply_address
from crm_core.domain.recipients import mailbox_of
from tests.unit.email import corpus

CONVERSATION = UUID("0195d4c0-1111-7000-8000-000000000003")
MAILBOX = "sales@agency.example"
SECRET = b"secret of this installation"
OURS = frozenset({MAILBOX, "info@agency.example"})


@pytest.mark.parametrize(
    "name",
    [
        "bounce_postfix",
        "bounce_exim",
        "bounce_qmail",
        "read_receipt",
        "out_of_office",
        "vacation_autoreply",
        "newsletter",
    ],
)
def test_programs_are_not_answered_by_programs(name: str) -> None:
    assert not may_answer_automatically(corpus.mail(name).head, OURS, answered_lately=0, at_most=2)


def test_person_is_answered_automatically_only_so_often_and_we_ourselves_never() -> None:
    person = corpus.mail("gmail_ru_reply").head
    ourselves = replace(person, sender=Address(name="", address="Sales+x@agency.example"))

    assert may_answer_automatically(person, OURS, answered_lately=1, at_most=2)
    assert not may_answer_automatically(person, OURS, answered_lately=2, at_most=2)
    assert not may_answer_automatically(ourselves, OURS, answered_lately=0, at_most=2)


def test_reply_address_finds_its_conversation_whatever_case_it_came_in() -> None:
    address = reply_address(MAILBOX, CONVERSATION, SECRET)

    assert address is not None
    assert len(address.partition("@")[0]) <= 64
    assert mailbox_of(address) == MAILBOX
    for written in (address, address.upper(), f"Sales <{address}>"):
        assert conversation_meant(addresses(f"x@y.example, {written}"), MAILBOX, SECRET) == CONVERSATION


def test_token_that_we_did_not_sign_means_nothing() -> None:
    ours = reply_address(MAILBOX, CONVERSATION, SECRET) or ""
    forged = [
        ours.replace("@", "a@"),
        ours[:-20] + ("a" if ours[-20] != "a" else "b") + ours[-19:],
        reply_address(MAILBOX, CONVERSATION, b"another secret") or "",
        (reply_address("info@agency.example", CONVERSATION, SECRET) or "").replace("info", "sales"),
        "sales+r-@agency.example",
        "sales+r-" + "é" * 42 + "@agency.example",
        "sales+r-" + "1" * 42 + "@agency.example",
        ours.replace("agency", "elsewhere"),
    ]

    for address in forged:
        assert conversation_meant([Address(name="", address=address)], MAILBOX, SECRET) is None, address


@pytest.mark.parametrize("mailbox", ["a-very-long-mailbox-name@agency.example", "sales+tours@agency.example"])
def test_mailbox_without_room_for_a_token_goes_without(mailbox: str) -> None:
    assert reply_address(mailbox, CONVERSATION, SECRET) is None
