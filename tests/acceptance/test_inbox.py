"""The inbox in a real browser: a client writes and is answered; what strangers write stays what it is, text."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.actions import replies
from crm_core.actions.messages import record_messages
from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel
from tests.acceptance.house import Desk, House
from tests.waiting import eventually

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]

#: What strangers try in a field of theirs, each in a way of its own.
SCRIPTS = (
    '"><script>document.title = "taken"</script>',
    '<img src=x onerror="document.title = `taken`">',
    "<svg onload=\"document.title='taken'\">",
    "javascript:document.title='taken'",
    "{{constructor.constructor('document.title=`taken`')()}}",
    "</title><iframe srcdoc=\"<script>top.document.title='taken'</script>\">",
)

_IN_SIGHT = "(text) => text.getBoundingClientRect().top > 0"


async def writes(house: House, number: int, body: str, *, who: str, **what: object) -> UUID:
    """The next message of ``who``, told by their channel; gives its conversation."""
    given: dict[str, object] = {
        "channel": WrittenChannel.TELEGRAM,
        "source": "main",
        "key": f"{who}:{number}",
        "external_id": f"{who}:{number}",
        "queue": None,
        "from_address": who,
        "from_name": "Айгерим",
        "thread": who,
        "body": body,
    }
    async with house.database.begin() as tx:
        return (await record_messages(tx, [HeardMessage(**given | {"at": tx.now} | what)]))[0]


async def knows(house: House, desk: Desk, name: str, *, phone: str, telegram: str) -> None:
    """A client of this person's, who writes by Telegram and mail."""
    client = await house.client(name, phone)
    await house.manager_of(client, desk.person)
    async with house.database.begin() as tx:
        for kind, address in (("telegram", telegram), ("email", f"{telegram}@client.test")):
            await tx.execute(
                "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $2, $3, $4, $4)",
                new_id(tx.now),
                client,
                kind,
                address,
            )


async def keeps_draft(desk: Desk, conversation: UUID, text: str) -> bool:
    """Does the server know what this person has begun to write."""
    answer = await desk.context.request.get(f"/api/v1/drafts/interaction:{conversation}")
    return answer.ok and (await answer.json())["body"].get("text") == text


async def test_a_client_writes_and_is_answered_and_the_conversation_is_closed(house: House) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        await knows(house, anna, "Айгерим Сулейменова", phone="+77010000701", telegram="700701")
        await page.goto("/inbox")
        await page.get_by_text("Все ответы даны.").wait_for()

        conversation = await writes(house, 1, "А страховка покрывает дайвинг?", who="700701")
        await page.locator("[data-row]").get_by_text("Айгерим Сулейменова").click()
        said = page.get_by_role("log")
        await said.get_by_text("А страховка покрывает дайвинг?").wait_for()

        await page.keyboard.press("KeyR")
        await page.keyboard.type("Базовый полис не покрывает")
        await eventually(lambda: keeps_draft(anna, conversation, "Базовый полис не покрывает"))
        await page.reload()
        reply = page.get_by_role("textbox", name="Ответ")
        assert await reply.input_value() == "Базовый полис не покрывает"

        await reply.press("Control+Enter")
        await page.get_by_role("button", name="Вернуть", exact=True).click()
        await said.get_by_text("Базовый полис не покрывает").wait_for(state="detached")
        assert await reply.input_value() == "Базовый полис не покрывает"

        await reply.fill("Базовый полис дайвинг не покрывает, добавлю «Активный отдых»")
        await reply.press("Control+Enter")
        await said.get_by_text("отправится через").wait_for()
        [sent] = [
            message
            for message in (await anna.get(f"/conversations/{conversation}"))["messages"]
            if message["direction"] == "outbound"
        ]
        async with house.database.begin() as tx:
            await replies.record_sent(tx, UUID(sent["id"]), timezone=house.settings.timezone)
        await said.get_by_text("отправлено").wait_for()
        await page.locator("[data-row]").get_by_text("вы ответили").wait_for()

        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Закрыть", exact=True).first.click()
        await page.get_by_text("Разговор закрыт. Новое письмо клиента начнёт новый.").wait_for()
        told = await anna.get(f"/conversations/{conversation}")

    assert (told["inbox_state"], told["outcome"]) == ("closed", "answered")


async def test_two_see_each_other_answer_and_nobody_answers_twice_unawares(house: House) -> None:
    async with house.desk(None) as anna, house.desk(None, "Борис Цой", role=Role.ADMIN) as boris:
        await knows(house, anna, "Наталья Лис", phone="+77010000703", telegram="700703")
        conversation = await writes(house, 1, "Где мои ваучеры?", who="700703")
        for desk in (anna, boris):
            await desk.page.goto(f"/inbox/{conversation}")
            await desk.page.get_by_role("log").get_by_text("Где мои ваучеры?").wait_for()

        reply = anna.page.get_by_role("textbox", name="Ответ")
        await reply.press_sequentially("Сейчас посмотрю")
        await boris.page.get_by_text("Анна Л. сейчас отвечает.").wait_for()

        await boris.page.get_by_role("textbox", name="Ответ").fill("Отправил на почту")
        await boris.page.keyboard.press("Control+Enter")
        await anna.page.get_by_role("log").get_by_text("Отправил на почту").wait_for()
        await reply.press("Control+Enter")
        await anna.page.get_by_text("Пока вы писали, клиенту ответили (Борис Цой).").wait_for()
        assert await reply.input_value() == "Сейчас посмотрю"

        await reply.press("Control+Enter")
        await anna.page.get_by_role("log").get_by_text("Сейчас посмотрю").wait_for()


async def test_what_was_said_is_found_with_its_words_marked_and_opened_where_it_was_said(house: House) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        await knows(house, anna, "Ольга Ким", phone="+77010000702", telegram="700702")
        for number, text in enumerate(["Здравствуйте", "Потеряли зелёный чемодан", *["И ещё вопрос"] * 30]):
            await writes(house, number, text, who="700702")

        await page.goto("/inbox?q=зеленые чемоданы")
        hit = page.get_by_role("link", name="Ольга Ким")
        await hit.wait_for()
        assert await hit.locator("mark").all_inner_texts() == ["зелёный", "чемодан"]
        await hit.click()

        found = page.get_by_role("log").get_by_text("Потеряли зелёный чемодан")
        await found.wait_for()
        await eventually(lambda: found.evaluate(_IN_SIGHT))


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_script_in_whatever_a_stranger_can_fill_is_shown_and_never_run(house: House, script: str) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        who = f"7007{SCRIPTS.index(script):02d}9"
        await knows(house, anna, "Гульнара", phone=f"+7701000075{SCRIPTS.index(script)}", telegram=who)
        conversation = await writes(
            house,
            1,
            script,
            who=who,
            from_name=script,
            subject=script,
            files=(HeardFile(name=script, type="image/svg+xml", data=script.encode()),),
        )
        mail = await writes(
            house,
            1,
            script,
            who=f"{who}@client.test",
            channel=WrittenChannel.EMAIL,
            from_name=script,
            subject=script,
            html=f"<p>{script}</p>",
        )

        for opened in (conversation, mail):
            await page.goto(f"/inbox/{opened}")
            await page.get_by_role("log").get_by_text(script, exact=True).first.wait_for()
        await page.get_by_role("button", name="Как в письме").click()
        frame = page.frame_locator("iframe")
        await frame.locator("body").wait_for(state="attached")

        assert await page.title() != "taken"
        assert await frame.locator("script").count() == 0
