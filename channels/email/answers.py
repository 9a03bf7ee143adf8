"""What a manager wrote, as the mail that a client gets: in the thread of theirs, from an address that finds back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from channels.email.headers import Address
from channels.email.message import Head
from channels.email.outgoing import OutgoingFile, OutgoingMail, references_of_answer, subject_of_answer
from channels.email.reply_address import reply_address
from channels.email.text_as_html import text_as_html
from crm_core.store.messages import Saying


def outgoing(
    saying: Saying,
    answered: Head | None,
    *,
    sender: Address,
    secret: bytes,
    ask_receipt: bool,
    picture: str | None = None,
) -> OutgoingMail:
    """``answered``: the head of the client's mail that it answers, where it came as a mail. ``sender`` is our mailbox;
    answers find back by its plus-address, where it has room for one. ``picture``: the address of the one that tells of
    the opening; without it the mail is text and nothing else."""
    address = reply_address(sender.address, UUID(saying.thread), secret)
    answers = saying.answers or (saying.mails.ids[-1] if saying.mails.ids else None)
    return OutgoingMail(
        message_id=saying.external_id,
        date=saying.at,
        sender=sender,
        to=_people(saying.to),
        cc=_people(saying.cc),
        reply_to=Address(name=sender.name, address=address) if address is not None else None,
        subject=_subject(saying),
        text=saying.body,
        html=text_as_html(saying.body, picture=picture) if picture is not None else None,
        files=tuple(OutgoingFile(name=file.name, type=file.type, data=file.data) for file in saying.files),
        answers=answers,
        references=_references(answers, answered, saying.mails.ids),
        automatic=saying.automatic,
        ask_receipt=ask_receipt,
    )


def _people(addresses: Sequence[str]) -> tuple[Address, ...]:
    return tuple(Address(name="", address=one) for one in addresses)


def _subject(saying: Saying) -> str:
    subject = saying.subject or (saying.files[0].name if saying.files else "")
    return subject_of_answer(subject) if saying.mails.ids and subject else subject


def _references(answers: str | None, answered: Head | None, ids: Sequence[str]) -> tuple[str, ...]:
    """Of the mail that is answered, as it named them; without it, what was said before in the conversation."""
    if answered is not None:
        return references_of_answer(answers, answered.references, answered.in_reply_to)
    return references_of_answer(answers, _until(ids, answers))


def _until(ids: Sequence[str], last: str | None) -> Sequence[str]:
    return ids[: ids.index(last)] if last in ids else ids
