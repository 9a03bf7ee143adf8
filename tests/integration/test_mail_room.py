"""A mailbox on a real mail server: what clients write stands in the log, and answers reach them in their thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from crm_core.actions import automatic, uploads
from crm_core.domain.people import Role
from crm_core.domain.written import InboxState, MessageState, WrittenChannel
from crm_core.store.database import Database
from crm_core.views.channel_links import states_of
from tests.acceptance.program import PASSWORD, hire, serving, settings_for
from tests.integration.mail_office import MailOffice
from tests.integration.realtime.severed import severable
from tests.lab.dovecot import Dovecot
from tests.lab.install import LabUnavailable
from tests.lab.plugin import require_lab
from tests.lab.postfix import Postfix, mail_server
from tests.people import add_client
from tests.unit.email import corpus
from tests.waiting import eventually

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Postfix, Dovecot]]:
    try:
        running = mail_server()
        opened = running.__enter__()
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    try:
        yield opened
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
async def office(server: tuple[Postfix, Dovecot], database: Database) -> MailOffice:
    return await MailOffice.of(*server, database)


async def test_a_client_and_a_manager_write_to_each_other_in_one_thread(office: MailOffice) -> None:
    async with office.open():
        first = await office.writes("Сколько стоит Хайнань?")
        [conversation] = await office.holds(["Сколько стоит Хайнань?"])
        async with office.database.begin() as tx:
            upload = await uploads.upload(
                tx, office.irina.user_id, name="Счёт.pdf", media_type="application/pdf", data=b"%PDF " * 1000
            )
        ours = await office.answers(conversation.id, "480 000 ₸", attachments=(upload,))
        [mail] = await office.got(1)
        await office.reaches(conversation.id, MessageState.DELIVERED)
        await office.writes(
            "Берём!\n\nOn Mon, Irina wrote:\n> 480 000 ₸",
            In_Reply_To=f"<{mail.head.message_id}>",
            References=f"<{first}> <{mail.head.message_id}>",
        )
        [conversation] = await office.holds(
            ["Сколько стоит Хайнань?", "480 000 ₸", "Берём!\n\nOn Mon, Irina wrote:\n> 480 000 ₸"]
        )
        await eventually(lambda: asyncio.to_thread(lambda: office.unseen() == 0))

    assert mail.head.message_id == f"{ours}@agency.test"
    assert (mail.head.in_reply_to, mail.head.references) == ((first,), (first,))
    assert (mail.head.subject, mail.text.strip()) == ("Re: Хайнань", "480 000 ₸")
    assert [(file.name, file.data) for file in mail.attachments] == [("Счёт.pdf", b"%PDF " * 1000)]
    assert mail.head.sender is not None
    assert (mail.head.sender.name, mail.head.sender.address) == ("Irina", office.ours)
    assert conversation.messages[-1].own_text == "Берём!"
    assert conversation.inbox_state is InboxState.OPEN
    async with office.database.read() as db:
        assert await states_of(db, WrittenChannel.EMAIL, ["sales", "other"]) == {"sales": "up", "other": "down"}


async def test_an_answer_without_its_headers_finds_back_by_our_address_and_a_stranger_finds_nothing(
    office: MailOffice,
) -> None:
    async with office.open():
        await office.writes("Здравствуйте")
        [conversation] = await office.holds(["Здравствуйте"])
        await office.answers(conversation.id, "Добрый день")
        [mail] = await office.got(1)
        [reply_to] = mail.head.reply_to
        await office.holds(["Здравствуйте", "Добрый день"])

        await office.writes("Это снова я", to=reply_to.address)
        await office.holds(["Здравствуйте", "Добрый день", "Это снова я"])
        await office.writes(
            "Чужой", sender="eve@client.test", to=reply_to.address, In_Reply_To=f"<{mail.head.message_id}>"
        )

        _, strangers = await office.holds(["Здравствуйте", "Добрый день", "Это снова я"], ["Чужой"])
    assert strangers.refers_to == conversation.id


async def test_a_mail_that_comes_back_is_the_fate_of_ours_and_no_conversation(office: MailOffice) -> None:
    async with office.open():
        client_id = await add_client(office.database, "Пётр", email="nobody@elsewhere.test")
        await office.begins(client_id, "Ваша путёвка готова")
        [conversation] = await office.holds(["Ваша путёвка готова"])
        await office.reaches(conversation.id, MessageState.BOUNCED)
        [conversation] = await office.conversations()

    [message] = conversation.messages
    assert message.subject == "Ваша путёвка готова"
    assert "nobody lives there" in (message.trouble or "")
    assert conversation.inbox_state is InboxState.OPEN


async def test_what_cannot_be_read_is_seen_and_kept_and_the_next_flows_on(office: MailOffice) -> None:
    async with office.open():
        bomb = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(100)
        )
        head = f"From: Бухгалтер <{office.client}>\r\nSubject: Акт\r\nMIME-Version: 1.0\r\n".encode()
        await office.brings(head + bomb)
        await office.writes("А это читается", sender="boris@client.test")
        unread, _ = await office.holds(
            ["Это письмо не удалось прочитать. Оно сохранено целиком: скачайте его и откройте в почтовой программе."],
            ["А это читается"],
        )
        kept = await office.database.dedicated()
        raw: bytes = await kept.fetchval(
            "SELECT data FROM blobs WHERE digest = (SELECT raw FROM messages WHERE id = $1)", unread.messages[0].id
        )
        await kept.close()

    assert unread.messages[0].from_ == office.client
    assert b"boundary=b99" in raw


async def test_a_machine_is_owed_no_answer(office: MailOffice) -> None:
    async with office.open():
        await office.writes("Вопрос")
        [conversation] = await office.holds(["Вопрос"])
        await office.answers(conversation.id, "Ответ")
        [mail] = await office.got(1)
        await office.holds(["Вопрос", "Ответ"])
        await office.writes("Я в отпуске", Auto_Submitted="auto-replied", In_Reply_To=f"<{mail.head.message_id}>")
        [conversation] = await office.holds(["Вопрос", "Ответ", "Я в отпуске"])
        async with office.database.begin() as tx:
            await automatic.say(tx, conversation.id, "Мы получили ваше письмо")
        await office.reaches(conversation.id, MessageState.FAILED)
        await office.got(1)

    assert conversation.inbox_state is InboxState.WAITING
    assert conversation.waiting_since is None
    assert conversation.messages[2].automatic


async def test_a_mail_that_lies_in_the_mailbox_twice_is_stored_once(office: MailOffice) -> None:
    raw = corpus.raw("gmail_ru_reply")
    async with office.open():
        await office.brings(raw)
        await office.writes("Второе")
        await eventually(lambda: _count(office, 2))

    def doubled() -> None:
        with office.dovecot.client(office.ours) as session:
            session.select_folder("INBOX")
            mails = [found[b"BODY[]"] for found in session.fetch(session.search(), ["BODY.PEEK[]"]).values()]
            for mail in mails:
                session.append("INBOX", mail)

    await asyncio.to_thread(doubled)
    async with office.open():
        await office.writes("Третье", sender="boris@client.test")
        await eventually(lambda: _count(office, 3))


async def _count(office: MailOffice, wanted: int) -> bool:
    found = [message for one in await office.conversations() for message in one.messages]
    assert len(found) <= wanted
    return len(found) == wanted


async def test_whom_our_server_vouches_for_is_the_client_with_that_address(office: MailOffice) -> None:
    client_id = await add_client(office.database, "Анна", email=office.client)
    vouched = f"mx.agency.test; dmarc=pass header.from={office.client.partition('@')[2]}"
    async with office.open(trusted_authserv="mx.agency.test"):
        await office.writes("Это правда я", Authentication_Results=vouched)
        [conversation] = await office.holds(["Это правда я"])
        await office.writes("И я", sender="eve@client.test", Authentication_Results="mx.evil.test; dmarc=pass")
        await office.holds(["Это правда я"], ["И я"])
    async with office.database.read() as db:
        verified = await db.fetch("SELECT value FROM contact_points WHERE client_id = $1 AND verified", client_id)

    assert conversation.client_id == client_id
    assert [row["value"] for row in verified] == [office.client]


async def test_what_comes_while_the_database_is_away_waits_unread_and_is_stored_once(office: MailOffice) -> None:
    async with (
        severable(office.database.url) as (wire, near),
        Database(near) as database,
        replace(office, database=database).open(),
    ):
        await office.writes("До")
        await office.holds(["До"])
        await eventually(lambda: asyncio.to_thread(lambda: office.unseen() == 0))

        await wire.cut()
        await office.writes("Во время", sender="boris@client.test")
        await eventually(lambda: asyncio.to_thread(lambda: office.unseen() == 1))
        await wire.mend()

        await office.holds(["До"], ["Во время"])
        await eventually(lambda: asyncio.to_thread(lambda: office.unseen() == 0))


async def test_the_whole_program_hears_a_mail_and_answers_it_over_its_api(office: MailOffice, tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_copy(update={"mailbox": (office.settings(),)})
    await hire(office.database, "olga", "Ольга", extension=None, role=Role.OWNER)
    cookies = aiohttp.CookieJar(unsafe=True)  # of an address without a name
    async with (
        serving(settings, office.database),
        aiohttp.ClientSession(settings.public_url, cookie_jar=cookies) as desk,
    ):
        await office.writes("Есть места?")
        [conversation] = await office.holds(["Есть места?"])
        login = {"login": "olga", "password": PASSWORD}
        async with desk.post("/api/v1/session", json=login) as answer:
            headers = {"X-CSRF-Token": (await answer.json())["csrf_token"]}
        file = {"params": {"name": "План.pdf"}, "data": b"%PDF"}
        async with desk.post("/api/v1/files", headers=headers, **file) as answer:
            handed = (await answer.json())["id"]
        said = {"interaction_id": str(conversation.id), "body": "Есть", "attachments": [handed]}
        async with desk.post("/api/v1/messages", json=said, headers=headers) as answer:
            assert answer.status == 201
        [mail] = await office.got(1)
        async with desk.get("/readyz") as answer:
            ready = await answer.json()

    assert [(file.name, file.data) for file in mail.attachments] == [("План.pdf", b"%PDF")]
    assert ready["mailbox"] == {"sales": "up"}
