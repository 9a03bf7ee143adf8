"""A mailbox on a real mail server: what clients write stands in the log, and answers reach them in their thread."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from channels.email.doctor import examine
from crm_core.actions import automatic, uploads
from crm_core.domain.findings import Finding
from crm_core.domain.people import Role
from crm_core.domain.written import InboxState, MessageState, Trouble, WrittenChannel
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


async def test_an_answer_to_everybody_reaches_them_and_whoever_of_them_answers_is_heard_in_it(
    office: MailOffice,
) -> None:
    petr = office.client.replace("anna", "petr")
    async with office.open():
        await office.writes("Нас двое", Cc=petr, Reply_To="eve@evil.test")
        [conversation] = await office.holds(["Нас двое"])
        await office.answers(conversation.id, "Отвечаю обоим", to=(office.client,), cc=(petr,))
        [to_anna], [to_petr] = await office.got(1), await office.got(1, by=petr)
        await office.writes("Я Пётр", sender=petr, In_Reply_To=f"<{to_petr.head.message_id}>")
        [conversation] = await office.holds(["Нас двое", "Отвечаю обоим", "Я Пётр"])

    assert to_anna.head == to_petr.head
    assert [[one.address for one in people] for people in (to_petr.head.to, to_petr.head.cc)] == [
        [office.client],
        [petr],
    ]
    asked, answered, _ = conversation.messages
    assert (asked.to, asked.cc, asked.reply_to) == ([office.ours], [petr], ["eve@evil.test"])
    assert (answered.to, answered.cc) == ([office.client], [petr])


async def test_what_left_lies_once_in_the_folder_for_sent_mail_whoever_died_on_the_way(office: MailOffice) -> None:
    async with office.open():
        await office.writes("Сколько?")
        [conversation] = await office.holds(["Сколько?"])
        ours = await office.answers(conversation.id, "480 000 ₸", cc=("petr@client.test",))
        [got], [copy] = await office.got(1), await office.filed(1)
        await eventually(lambda: _owes_no_copy(office))

    # As after a death between the copy and the note that it is there.
    async with office.database.begin() as tx:
        await tx.execute("INSERT INTO sent_copies (message_id, source) VALUES ($1, 'sales')", ours)
    async with office.open():
        await eventually(lambda: _owes_no_copy(office))
        await office.filed(1)

    assert (copy.head, copy.text) == (got.head, got.text)


async def test_a_copy_that_cannot_be_filed_holds_up_no_mail_and_waits(office: MailOffice) -> None:
    async with office.open(sent_folder="Copies"):
        await office.writes("Сколько?")
        [conversation] = await office.holds(["Сколько?"])
        await office.answers(conversation.id, "480 000 ₸")
        await office.got(1)
        await eventually(lambda: _was_put_off(office))

    def made() -> None:
        with office.dovecot.client(office.ours) as session:
            session.create_folder("Copies")

    await asyncio.to_thread(made)
    async with office.database.begin() as tx:
        await tx.execute("UPDATE sent_copies SET next_at = now()")
    async with office.open(sent_folder="Copies"):
        [copy] = await office.filed(1, "Copies")
        await eventually(lambda: _owes_no_copy(office))
        await office.answers(conversation.id, "Ждём вас")
        await office.filed(2, "Copies")
    async with office.open(sent_folder="off"):
        await office.answers(conversation.id, "До встречи")
        await office.got(3)
        await eventually(lambda: _owes_no_copy(office))

    assert copy.text.strip() == "480 000 ₸"
    await office.filed(2, "Copies")


async def _owes_no_copy(office: MailOffice) -> bool:
    async with office.database.read() as db:
        return await db.fetchval("SELECT count(*) FROM sent_copies") == 0


async def _was_put_off(office: MailOffice) -> bool:
    async with office.database.read() as db:
        return await db.fetchval("SELECT count(*) FROM sent_copies WHERE attempts > 0") == 1


async def test_a_mail_that_comes_back_is_the_fate_of_ours_and_no_conversation(office: MailOffice) -> None:
    async with office.open():
        client_id = await add_client(office.database, "Пётр", email="nobody@elsewhere.test")
        await office.begins(client_id, "Ваша путёвка готова")
        [conversation] = await office.holds(["Ваша путёвка готова"])
        await office.reaches(conversation.id, MessageState.BOUNCED)
        [conversation] = await office.conversations()

    [message] = conversation.messages
    assert message.subject == "Ваша путёвка готова"
    assert message.trouble_code is Trouble.BOUNCED
    assert "nobody lives there" in (message.trouble or "")
    assert [one.address for one in message.bounces] == ["nobody@elsewhere.test"]
    assert conversation.inbox_state is InboxState.OPEN


async def test_a_copy_that_comes_back_is_told_and_the_mail_has_arrived_all_the_same(office: MailOffice) -> None:
    async with office.open():
        await office.writes("Сколько?")
        [conversation] = await office.holds(["Сколько?"])
        await office.answers(conversation.id, "480 000 ₸", to=(office.client,), cc=("gone@elsewhere.test",))

        async def came_back() -> bool:
            return bool((await office.conversations())[0].messages[-1].bounces)

        await eventually(came_back, patience_s=8)
        await office.got(1)
        await office.reaches(conversation.id, MessageState.DELIVERED)
        [conversation] = await office.conversations()

    [bounce] = conversation.messages[-1].bounces
    assert bounce.address == "gone@elsewhere.test"
    assert "nobody lives there" in bounce.words
    assert conversation.messages[-1].trouble_code is None
    assert conversation.inbox_state is InboxState.WAITING


async def test_what_cannot_be_read_is_seen_and_kept_and_the_next_flows_on(office: MailOffice) -> None:
    async with office.open():
        bomb = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(100)
        )
        head = f"From: Бухгалтер <{office.client}>\r\nSubject: Акт\r\nMIME-Version: 1.0\r\n".encode()
        notice = "Это письмо не удалось прочитать. Оно сохранено целиком: скачайте его и откройте в почтовой программе."
        await office.brings(head + bomb)
        await office.holds([notice])  # the mail server delivers two mails in any order
        await office.writes("А это читается", sender="boris@client.test")
        unread, _ = await office.holds([notice], ["А это читается"])
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


async def test_two_mailboxes_of_ours_never_answer_each_other_by_themselves(office: MailOffice) -> None:
    info = office.ours.replace("sales", "info")
    async with office.open(beside=info):
        await office.writes("Переслали нам", sender=info.replace("@", "+x@"))
        [conversation] = await office.holds(["Переслали нам"])
        async with office.database.begin() as tx:
            await automatic.say(tx, conversation.id, "Мы получили ваше письмо")
        await office.reaches(conversation.id, MessageState.FAILED)
        [_, unsaid] = (await office.conversations())[0].messages

    assert unsaid.trouble_code is Trouble.AUTOMATIC


async def test_the_doctor_finds_the_folder_for_copies_or_says_what_to_do(office: MailOffice) -> None:
    async def copies(**more: str) -> Finding:
        _, found, _ = await examine(office.settings(**more), public_url="https://crm.example")
        return found

    by_itself, named, unwanted = await copies(), await copies(sent_folder="Copies"), await copies(sent_folder="off")

    assert (by_itself.well, named.well, unwanted.well) == (True, False, True)
    assert "Отправленные" in by_itself.says
    assert "Copies" in named.says
    assert "sent_folder" in (named.advice or "")


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


async def test_a_mail_with_a_picture_says_the_same_twice_and_tells_when_it_was_opened(
    office: MailOffice, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path)
    settings = settings.model_copy(update={"mailbox": (office.settings(opened_link=True),)})
    async with serving(settings, office.database), aiohttp.ClientSession() as mail_program:
        await office.writes("Сколько?")
        [conversation] = await office.holds(["Сколько?"])
        await office.answers(conversation.id, "480 000 ₸ <за двоих>:\nhttps://tours.example/x?a=1&b=2")
        [got], [copy] = await office.got(1), await office.filed(1)
        await office.reaches(conversation.id, MessageState.DELIVERED)
        unopened = (await office.conversations())[0].messages[-1]

        [address] = re.findall(r'<img src="([^"]+)" width="1" height="1" alt="">', got.html or "")
        async with mail_program.get(address) as answer:
            picture = await answer.read()
        opened = (await office.conversations())[0].messages[-1]
        async with office.database.begin() as tx:
            await automatic.say(tx, conversation.id, "Мы получили ваше письмо")
        by_itself = (await office.got(2))[-1]

    assert address.startswith(f"{settings.public_url}/mail/opened/")
    assert picture.startswith(b"GIF89a")
    assert (unopened.opened_at, opened.opened_at is not None) == (None, True)
    assert opened.state is MessageState.DELIVERED
    assert got.text.strip() == "480 000 ₸ <за двоих>:\nhttps://tours.example/x?a=1&b=2"
    assert "480 000 ₸ &lt;за двоих&gt;:<br>" in (got.html or "")
    assert 'href="https://tours.example/x?a=1&amp;b=2"' in (got.html or "")
    assert (copy.head.message_id, copy.text, copy.html) == (got.head.message_id, got.text, None)
    assert by_itself.html is None


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
