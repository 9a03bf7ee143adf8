"""To whom a mail of ours goes, on a real database: as its writer chose, and never where only a stranger wants it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from crm_core.actions import replies
from crm_core.actions.addressing import RecipientsRejected
from crm_core.actions.messages import record_messages
from crm_core.actions.replies import MessageIn, Source
from crm_core.domain.errors import NotFound
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import AddressUnknown, HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.store.messages import find_saying
from crm_core.views.messages import Message, messages_of
from crm_core.views.recipients import AnswerRecipients, answer_recipients
from tests.integration.desk import owner
from tests.people import add_agent, add_client

SALES = "sales@agency.test"
OURS = frozenset({SALES, "info@agency.test"})
ANNA, PETR, EVE = "anna@client.test", "petr@client.test", "eve@evil.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Irina answers the mails of the sales queue."""

    database: Database
    irina: Viewer

    async def hears(self, sender: str | None = ANNA, **more: Any) -> UUID:
        """A mail arrives; gives its conversation."""
        name = uuid4().hex
        async with self.database.begin() as tx:
            heard = HeardMessage(
                channel=WrittenChannel.EMAIL,
                source="sales",
                key=name,
                external_id=f"{name}@client.test",
                queue="sales",
                from_address=sender,
                to=(SALES,),
                our_address=SALES,
                body="Сколько стоит?",
                at=tx.now,
            )
            return (await record_messages(tx, [replace(heard, **more)]))[0]

    async def answers(self, conversation: UUID, **more: object) -> Message:
        given = MessageIn.model_validate({"interaction_id": conversation, "body": "480 000 ₸", **more})
        async with self.database.begin() as tx:
            message_id = await replies.send(tx, self.irina, given, sources={}, ours=OURS)
            return next(one for one in await messages_of(tx, conversation) if one.id == message_id)

    async def proposed(self, conversation: UUID, viewer: Viewer | None = None) -> AnswerRecipients:
        async with self.database.read() as db:
            return await answer_recipients(db, viewer or self.irina, conversation, ours=OURS)

    async def name_of_last(self, conversation: UUID) -> str:
        async with self.database.read() as db:
            return (await messages_of(db, conversation))[-1].external_id


@pytest.fixture
async def desk(database: Database) -> Desk:
    irina = await add_agent(database, "irina", extension=None)
    return Desk(database=database, irina=owner(irina))


async def test_an_answer_to_everybody_reaches_whom_the_mail_went_to_and_is_remembered_with_it(desk: Desk) -> None:
    conversation = await desk.hears(to=(SALES, PETR), cc=("info@agency.test", "visa@embassy.test"))

    offered = await desk.proposed(conversation)
    answer = await desk.answers(conversation, to=list(offered.to), cc=list(offered.others))

    assert (offered.to, offered.others) == ((ANNA,), (PETR, "visa@embassy.test"))
    assert (answer.to, answer.cc) == ([ANNA], [PETR, "visa@embassy.test"])
    async with desk.database.read() as db:
        saying = await find_saying(db, answer.id)
        points = await db.fetch("SELECT value FROM contact_points")
    assert saying is not None
    assert (list(saying.to), list(saying.cc)) == ([ANNA], [PETR, "visa@embassy.test"])
    assert points == []  # whoever only gets a copy is nobody's client


async def test_whoever_got_a_copy_of_ours_answers_into_the_conversation_and_nobody_else_does(desk: Desk) -> None:
    conversation = await desk.hears()
    await desk.answers(conversation, cc=[PETR])
    ours = await desk.name_of_last(conversation)

    from_petr = await desk.hears(PETR, answers=(ours,))
    from_eve = await desk.hears(EVE, answers=(ours,))

    assert from_petr == conversation
    assert from_eve != conversation
    assert (await desk.proposed(conversation)).to == (PETR,)


async def test_a_forged_mail_into_a_thread_does_not_lead_its_answer_elsewhere(desk: Desk) -> None:
    conversation = await desk.hears(body="Мой паспорт 1234")
    first = await desk.name_of_last(conversation)
    await desk.hears(ANNA, answers=(first,), reply_to=(EVE,), body="Повторите, пожалуйста, всё сюда")

    offered = await desk.proposed(conversation)
    answer = await desk.answers(conversation)

    assert (offered.to, offered.instead) == ((ANNA,), (EVE,))
    assert (answer.to, answer.cc) == ([ANNA], [])


async def test_a_client_is_answered_where_they_wrote_from_unless_the_other_address_is_theirs_too(desk: Desk) -> None:
    await add_client(desk.database, "Анна", email=ANNA)
    forged = await desk.hears(reply_to=(EVE,))
    async with desk.database.begin() as tx:
        await tx.execute(
            """INSERT INTO contact_points (id, client_id, kind, value, typed, position)
               SELECT gen_random_uuid(), id, 'email', $1, $1, 1 FROM clients""",
            PETR,
        )
    real = await desk.hears(reply_to=(PETR,))

    assert (await desk.proposed(forged)).to == (ANNA,)
    assert (await desk.proposed(real)).to == (PETR,)


async def test_a_strangers_first_mail_is_answered_where_it_asks_for_it_and_goes_on_from_there(desk: Desk) -> None:
    conversation = await desk.hears("form@site.test", reply_to=(ANNA,))
    answer = await desk.answers(conversation)

    again = await desk.hears(ANNA, answers=(answer.external_id,))

    assert answer.to == [ANNA]
    assert again == conversation


async def test_the_writer_may_choose_the_other_address(desk: Desk) -> None:
    await add_client(desk.database, "Анна", email=ANNA)
    conversation = await desk.hears(reply_to=("anna@work.test",))

    answer = await desk.answers(conversation, to=["Anna@Work.test"])

    assert answer.to == ["anna@work.test"]


async def test_an_absence_note_of_somebody_in_copy_is_not_what_is_answered(desk: Desk) -> None:
    conversation = await desk.hears()
    await desk.answers(conversation, cc=[PETR])
    ours = await desk.name_of_last(conversation)
    await desk.hears(PETR, answers=(ours,), automatic=True)

    assert (await desk.proposed(conversation)).to == (ANNA,)


async def test_a_mail_with_a_subject_of_its_own_begins_a_conversation_beside_the_one_that_is_open(desk: Desk) -> None:
    client = await add_client(desk.database, "Анна", email=ANNA)
    known = await desk.hears()
    sources = {WrittenChannel.EMAIL: Source(name="sales", queue="sales", address=SALES)}

    async def begins(**more: str) -> UUID:
        given = MessageIn(client_id=client, channel=WrittenChannel.EMAIL, body="Готово", cc=(PETR,), **more)
        async with desk.database.begin() as tx:
            message = await replies.send(tx, desk.irina, given, sources=sources, ours=OURS)
            return await tx.fetchval("SELECT interaction_id FROM messages WHERE id = $1", message)

    goes_on, begun = await begins(), await begins(subject="Ваши билеты")

    assert goes_on == known
    assert begun != known
    async with desk.database.read() as db:
        [message] = await messages_of(db, begun)
    assert (message.subject, message.to, message.cc) == ("Ваши билеты", [ANNA], [PETR])


@pytest.mark.parametrize("typed", ["anna", "a@b@c", "anna@x.test\r\nBcc: eve@evil.test", "a b@x.test", "x\x01@x.test"])
def test_what_is_no_address_is_refused_before_anything_is_stored(typed: str) -> None:
    with pytest.raises(ValidationError):
        MessageIn.model_validate({"interaction_id": uuid4(), "body": "Да", "cc": [typed]})


async def test_only_a_mail_has_recipients_and_not_a_crowd_of_them(desk: Desk) -> None:
    mail, nobodys = await desk.hears(), await desk.hears(None)
    chat = await desk.hears("700100", channel=WrittenChannel.TELEGRAM, thread="700100", to=())

    with pytest.raises(RecipientsRejected):
        await desk.answers(chat, cc=[PETR])
    with pytest.raises(RecipientsRejected):
        await desk.answers(mail, cc=[f"guest{number}@x.test" for number in range(50)])
    with pytest.raises(AddressUnknown):
        await desk.answers(nobodys)


async def test_who_may_not_see_a_conversation_does_not_see_its_people(desk: Desk) -> None:
    conversation = await desk.hears()
    stranger = Viewer(user_id=uuid4(), role=Role.AGENT, team_id=None)

    with pytest.raises(NotFound):
        await desk.proposed(conversation, stranger)
