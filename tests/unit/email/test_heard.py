"""What a mail said reaches the core as one fact, with nothing believed that only its sender says."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from channels.email.heard import heard
from channels.email.message import Mail
from channels.email.mime import read
from channels.email.reply_address import reply_address
from crm_core.domain.written import HeardMessage
from tests.unit.email import corpus

ADDRESS = "sales@agency.example"
SECRET = b"secret"
ARRIVED = datetime(2026, 3, 2, 5, 12, tzinfo=UTC)
CONVERSATION = UUID("0195d4c0-1111-7000-8000-000000000003")


def told(raw: bytes) -> HeardMessage:
    mail = read(raw)
    assert isinstance(mail, Mail)
    return heard(mail, raw, mailbox="sales", address=ADDRESS, queue="sales", secret=SECRET, arrived_at=ARRIVED)


def test_answer_of_a_client() -> None:
    raw = corpus.raw("outlook_ru_reply")

    message = told(raw)

    assert message.from_address == "kuznetsov@romashka.example"
    assert message.own == "Здравствуйте, Анна!\n\nПодтверждаем. Логотип во вложении."
    assert "Sunrise" in message.body
    assert message.answers == ("0195d4c0-1111-7000-8000-000000000001@agency.example", "first-question@mail.example")
    assert [(file.name, file.inline_id) for file in message.files] == [
        ("image001.png", "image001.png@01DCAA11.2B3C4D50")
    ]
    assert 'src="pictures/image001.png%4001DCAA11.2B3C4D50"' in (message.html or "")
    assert (message.raw, message.automatic, message.thread, message.at) == (raw, False, None, ARRIVED)


def test_same_id_with_other_words_is_another_fact() -> None:
    first = corpus.raw("vacation_autoreply")

    assert told(first).key == told(b"Received: again\r\n" + first).key
    assert told(first).key != told(first + b"and more").key
    assert told(first).external_id == told(first + b"and more").external_id


def test_token_of_ours_names_the_conversation_wherever_it_stands() -> None:
    answered = reply_address(ADDRESS, CONVERSATION, SECRET) or ""
    raw = b"Delivered-To: " + answered.upper().encode() + b"\r\n" + corpus.raw("gmail_ru_reply")

    assert told(raw).thread == CONVERSATION.hex
    assert told(raw.replace(b"+R-", b"+R-A")).thread is None


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_mail_of_the_corpus_is_a_fact(name: str) -> None:
    message = told(corpus.raw(name))

    assert message.key
    assert message.external_id
