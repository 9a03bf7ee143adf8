"""What we send is read by others as we meant it, keeps its thread, and lets nobody write our headers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.headers import Address
from channels.email.message import Automatic, Mail
from channels.email.mime import read
from channels.email.outgoing import (
    MailRefused,
    OutgoingFile,
    OutgoingMail,
    built,
    envelope,
    message_id_for,
    references_of_answer,
    subject_of_answer,
)
from tests.unit.email import corpus

MESSAGE = UUID("0195d4c0-1111-7000-8000-000000000002")
LONG_ID = "AM0PR05MB0001" + "A1B2C3D4" * 12 + "@AM0PR05MB0001.eurprd05.prod.outlook.example"
PLAIN = OutgoingMail(
    message_id=message_id_for(MESSAGE, "sales@agency.example"),
    date=datetime(2026, 3, 2, 5, 11, 12, tzinfo=UTC),
    sender=Address(name="Анна, «Агентство»", address="sales@agency.example"),
    to=(Address(name="", address="client@client.example"),),
    subject="Турция в июне",
    text="Добрый день!",
)


def received(mail: OutgoingMail) -> Mail:
    found = read(built(mail))
    assert isinstance(found, Mail)
    assert found.defects == ()
    return found


def test_answer_names_the_mails_before_it() -> None:
    asked = corpus.mail("outlook_ru_reply").head

    answer = received(
        replace(PLAIN, answers=asked.message_id, references=references_of_answer(asked.message_id, asked.references))
    )

    assert answer.head.in_reply_to == (asked.message_id,)
    assert answer.head.references == (*asked.references, asked.message_id)


def test_long_ids_are_never_folded_into_something_else() -> None:
    raw = built(replace(PLAIN, answers=LONG_ID, references=(LONG_ID, "short@x")))

    assert f"In-Reply-To: <{LONG_ID}>\r\n".encode() in raw
    assert f"References: <{LONG_ID}>\r\n <short@x>\r\n".encode() in raw


@pytest.mark.parametrize(
    ("answered", "references", "in_reply_to", "named"),
    [
        ("c", ("a", "b"), ("b",), ("a", "b", "c")),
        ("c", (), ("b",), ("b", "c")),
        ("c", (), ("a", "b"), ("c",)),  # of two answered mails neither is the other's forebear
        (None, ("a",), (), ("a",)),
        ("c", ("a", "c"), (), ("a", "c")),
    ],
)
def test_references_of_an_answer(
    answered: str | None, references: tuple[str, ...], in_reply_to: tuple[str, ...], named: tuple[str, ...]
) -> None:
    assert references_of_answer(answered, references, in_reply_to) == named


def test_of_a_long_thread_the_first_mail_and_the_nearest_are_named() -> None:
    named = references_of_answer("last", [f"{number}" for number in range(100)])

    assert (len(named), named[0], named[-1]) == (20, "0", "last")


@pytest.mark.parametrize("subject", ["Тур", "Re: Тур", "RE: Re: Тур", "Re[2]: Тур", "Ответ: Re: Тур", "AW: Тур"])
def test_one_re_is_enough(subject: str) -> None:
    assert subject_of_answer(subject) == "Re: Тур"


INJECTION = "x\r\nBcc: victim@elsewhere.example"


@pytest.mark.parametrize(
    "mail",
    [
        replace(PLAIN, subject=INJECTION),
        replace(PLAIN, subject="x\rBcc: y"),
        replace(PLAIN, subject="x\u2028Bcc: y"),
        replace(PLAIN, sender=Address(name=INJECTION, address="sales@agency.example")),
        replace(PLAIN, to=(Address(name="", address=INJECTION),)),
        replace(PLAIN, to=(Address(name="", address="a@b.example, c@d.example"),)),
        replace(PLAIN, to=(Address(name="", address="a@b.example>\n<c@d.example"),)),
        replace(PLAIN, cc=(Address(name=INJECTION, address="a@b.example"),)),
        replace(PLAIN, reply_to=Address(name="x\0", address="a@b.example")),
        replace(PLAIN, answers="x>\r\nBcc: <y@z"),
        replace(PLAIN, references=("a@b c@d",)),
        replace(PLAIN, message_id="<x@y>"),
        replace(PLAIN, files=(OutgoingFile(name="a", type=INJECTION, data=b""),)),
    ],
)
def test_line_breaks_and_second_addresses_are_refused(mail: OutgoingMail) -> None:
    with pytest.raises(MailRefused):
        built(mail)


def test_automatic_mail_says_so_and_never_comes_back() -> None:
    mail = replace(PLAIN, automatic=True, answers="x@y", ask_receipt=True)

    head = received(mail).head

    assert head.automatic is Automatic.REPLY
    assert head.receipt_to is None
    assert envelope(mail, MESSAGE).sender == ""


def test_reports_are_asked_for_in_our_own_name_of_the_mail() -> None:
    told = envelope(replace(PLAIN, cc=(Address(name="", address="Client@client.example"), *PLAIN.to)), MESSAGE)

    assert told.sender == "sales@agency.example"
    assert told.recipients == ("client@client.example", "Client@client.example")
    assert f"ENVID={MESSAGE}" in told.mail_options
    assert told.recipient_options == ("NOTIFY=SUCCESS,DELAY,FAILURE",)


def test_host_in_letters_of_the_country_is_written_as_servers_know_it() -> None:
    told = envelope(replace(PLAIN, to=(Address(name="", address="info@пример.рф"),)), MESSAGE)

    assert told.recipients == ("info@xn--e1afmkfd.xn--p1ai",)


def test_answers_come_back_to_the_address_of_the_conversation() -> None:
    mail = replace(PLAIN, reply_to=Address(name="Анна", address="sales+r-abc@agency.example"), ask_receipt=True)

    head = received(mail).head

    assert [one.address for one in head.reply_to] == ["sales+r-abc@agency.example"]
    assert head.receipt_to == PLAIN.sender


WORDS = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Cf")), max_size=120).map(
    lambda text: " ".join(text.split())
)
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=300)


@settings(max_examples=60, deadline=None)
@given(
    subject=WORDS,
    name=WORDS,
    text=TEXT,
    html=st.none() | TEXT.map(lambda text: f"<p>{text}</p>"),
    files=st.lists(st.tuples(WORDS, st.binary(max_size=200)), max_size=2),
)
def test_whatever_is_written_is_read_the_same(
    subject: str, name: str, text: str, html: str | None, files: list[tuple[str, bytes]]
) -> None:
    mail = replace(
        PLAIN,
        subject=subject,
        to=(Address(name=name, address="client@client.example"),),
        text=text,
        html=html,
        files=tuple(OutgoingFile(name=file, type="image/png", data=data) for file, data in files),
    )

    raw = built(mail)
    found = received(mail)

    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert found.head.message_id == mail.message_id
    assert (found.head.sender, found.head.to, found.head.subject) == (mail.sender, mail.to, subject)
    if text.strip():
        assert found.text.rstrip("\n") == text.rstrip("\n")
    assert (found.html or "").rstrip("\n") == (html or "").rstrip("\n")
    assert [attachment.data for attachment in found.attachments] == [data for _, data in files]


def test_a_mail_in_parts_is_the_same_bytes_at_every_try() -> None:
    invoice = OutgoingFile(name="Счёт.pdf", type="application/pdf", data=b"%PDF" * 100)
    mail = replace(PLAIN, html="<p>Добрый день!</p>", files=(invoice,))

    raw = built(mail)

    assert raw == built(mail)
    assert raw != built(replace(mail, message_id="2@agency.example"))
    found = received(mail)
    assert (found.text.strip(), found.html) == ("Добрый день!", "<p>Добрый день!</p>\n")
    assert [file.data for file in found.attachments] == [invoice.data]
