"""To whom an answer to a mail is proposed to go: nobody's words are shown to whoever only asks for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.domain.recipients import MOST_RECIPIENTS, AnsweredMail, Recipients, mailbox_of, proposed

SALES = "sales@agency.example"
OURS = frozenset({SALES, "info@agency.example"})
ANNA, PETR, OFFICE, EVE = "anna@x.example", "petr@x.example", "office@y.example", "eve@evil.example"

MAIL = AnsweredMail(
    sender=ANNA, reply_to=(), to=(SALES,), cc=(), known=frozenset({ANNA, PETR}), is_strangers_first=False
)


@pytest.mark.parametrize(
    ("mail", "to", "instead", "others"),
    [
        (MAIL, [ANNA], [], []),
        (replace(MAIL, to=(SALES, OFFICE), cc=("info@agency.example", PETR, ANNA)), [ANNA], [], [OFFICE, PETR]),
        (replace(MAIL, to=(f"{SALES.replace('@', '+r-token@')}",)), [ANNA], [], []),
        (replace(MAIL, reply_to=(ANNA,)), [ANNA], [], []),
        (replace(MAIL, reply_to=(SALES,)), [ANNA], [], []),
        (replace(MAIL, reply_to=(PETR,)), [PETR], [ANNA], []),
        (replace(MAIL, reply_to=(PETR, EVE)), [ANNA], [PETR, EVE], []),
        (replace(MAIL, reply_to=(EVE,)), [ANNA], [EVE], []),
        (replace(MAIL, reply_to=(OFFICE,), is_strangers_first=True), [OFFICE], [ANNA], []),
        (replace(MAIL, sender=SALES, to=(ANNA,), cc=(PETR,)), [ANNA], [], [PETR]),
        (replace(MAIL, sender=None), [], [], []),
        (replace(MAIL, sender=None, reply_to=(OFFICE,)), [OFFICE], [], []),
    ],
    ids=[
        "sender",
        "everybody but ourselves",
        "our plus-address is ours",
        "reply-to is the sender",
        "reply-to is ours",
        "reply-to is known here",
        "reply-to is known only in part",
        "reply-to is a stranger",
        "reply-to of a stranger's first mail",
        "written by us",
        "written by nobody",
        "only reply-to",
    ],
)
def test_an_answer_is_proposed_to(mail: AnsweredMail, to: list[str], instead: list[str], others: list[str]) -> None:
    assert proposed(mail, OURS) == Recipients(to=tuple(to), instead=tuple(instead), others=tuple(others))


def test_an_answer_is_never_proposed_to_a_crowd() -> None:
    crowd = tuple(f"guest{number}@x.example" for number in range(1000))

    found = proposed(replace(MAIL, cc=crowd), OURS)

    assert len(found.to) + len(found.others) == MOST_RECIPIENTS


def test_a_plus_address_is_that_of_its_mailbox() -> None:
    assert mailbox_of("Sales+r-token@Agency.example") == SALES
