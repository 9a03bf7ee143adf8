"""The inbox in a real browser: a client writes and is answered; what strangers write stays what it is, text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from crm_core.actions import delivery, openings
from crm_core.actions.channel_links import open_link
from crm_core.actions.messages import record_messages
from crm_core.domain.bounces import Bounce
from crm_core.domain.ids import new_id
from crm_core.domain.opened import PICTURES, picture_path
from crm_core.domain.people import Role
from crm_core.domain.written import HeardFile, HeardMessage, Mark, MarkKind, WrittenChannel
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

_FITS = """frame => {
    const page = frame.contentDocument.documentElement
    return page.scrollHeight <= page.clientHeight && frame.offsetHeight - page.offsetHeight < 4
}"""
_WITH_A_GAP = "Здравствуйте, Наталья! Встретим у отеля {{trip.hotel}}"
_IN_SIGHT = "(text) => text.getBoundingClientRect().top > 0"


async def writes(house: House, number: int, body: str, *, who: str, **what: object) -> UUID:
    """The next message of ``who``, told by their channel; gives its conversation."""
    async with house.database.begin() as tx:
        return (await record_messages(tx, [heard(number, body, who=who, at=tx.now, **what)]))[0]


async def writes_much(house: House, bodies: Sequence[str], *, who: str) -> UUID:
    """All of it, a minute apart until now."""
    async with house.database.begin() as tx:
        began = tx.now - timedelta(minutes=len(bodies))
        said = [heard(n, body, who=who, at=began + timedelta(minutes=n)) for n, body in enumerate(bodies)]
        return (await record_messages(tx, said))[0]


def heard(number: int, body: str, *, who: str, at: datetime, **what: object) -> HeardMessage:
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
        "at": at,
    }
    return HeardMessage(**given | what)


async def is_opened(house: House, message: UUID) -> None:
    """Somebody's mail program loads the picture in this mail of ours."""
    async with house.database.begin() as tx:
        link = await open_link(tx, WrittenChannel.EMAIL, "main")
    token = picture_path(message, link.secret).removeprefix(f"{PICTURES}/").removesuffix(".gif")
    await openings.record_opening(house.database, token, from_address="203.0.113.7", mailboxes=["main"])


async def comes_back(house: House, external_id: str, address: str) -> None:
    """The mail did not reach that address."""
    gone = [Bounce(address=address, words="550 5.1.1 no such user")]
    async with house.database.begin() as tx:
        await delivery.record_bounces(tx, WrittenChannel.EMAIL, external_id, gone, timezone=UTC)


async def knows(house: House, desk: Desk, name: str, *, phone: str, telegram: str) -> UUID:
    """A client of this person's, who writes by Telegram and mail; gives their id."""
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
    return client


async def keeps_draft(desk: Desk, conversation: UUID, text: str) -> bool:
    """Does the server know what this person has begun to write."""
    answer = await desk.context.request.get(f"/api/v1/drafts/interaction:{conversation}")
    return answer.ok and (await answer.json())["body"].get("text") == text


async def has(desk: Desk, *names: str) -> bool:
    """Are the conversations of these clients with this person; what others left behind may be as well."""
    listed = await desk.get("/conversations?view=mine")
    return {one["client_name"] for one in listed["items"]} >= set(names)


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
            await delivery.record_sent(tx, UUID(sent["id"]), timezone=house.settings.timezone)
        await said.get_by_text("отправлено").wait_for()
        await page.locator("[data-row]").get_by_text("вы ответили").wait_for()

        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Закрыть", exact=True).first.click()
        await page.get_by_text("Разговор закрыт. Новое письмо клиента начнёт новый.").wait_for()
        told = await anna.get(f"/conversations/{conversation}")

    assert (told["inbox_state"], told["outcome"]) == ("closed", "answered")


async def test_a_mail_says_to_whom_its_answer_goes_and_its_writer_chooses(house: House) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        client = await knows(house, anna, "Пётр Ли", phone="+77010000707", telegram="700707")
        conversation = await writes(
            house,
            1,
            "Нас двое, отвечайте обоим",
            who="700707@client.test",
            channel=WrittenChannel.EMAIL,
            cc=("wife@client.test",),
            reply_to=("work@client.test",),
            our_address="sales@agency.test",
        )
        await page.goto(f"/inbox/{conversation}")
        log, composer = page.get_by_role("log"), page.get_by_role("region", name="Ответ")
        await log.get_by_text("Копия: wife@client.test").wait_for()
        await log.get_by_text("Просит отвечать на work@client.test").wait_for()

        await composer.get_by_text("Кому: 700707@client.test").wait_for()
        await composer.get_by_role("button", name="Писать на work@client.test").click()
        await composer.get_by_text("Кому: work@client.test").wait_for()
        await composer.get_by_role("button", name="Ответить всем (ещё 1)").click()
        await composer.get_by_role("button", name="Добавить копию").click()
        copy = composer.get_by_role("textbox", name="Кому отправить копию")
        await copy.press_sequentially("visa@embassy")
        await copy.press("Enter")
        await composer.get_by_role("button", name="Добавить копию").click()
        await copy.press_sequentially("nobody")
        await composer.get_by_role("textbox", name="Ответ").fill("Хорошо")
        await page.keyboard.press("Control+Enter")
        await composer.get_by_text("Это не почтовый адрес.").wait_for()
        await composer.get_by_role("button", name="Убрать visa@embassy").click()
        await copy.fill("visa@embassy.test")
        await composer.get_by_role("textbox", name="Ответ").press("Control+Enter")

        await log.get_by_text("Копия: wife@client.test, visa@embassy.test").wait_for()
        answer = (await anna.get(f"/conversations/{conversation}"))["messages"][-1]
        copies = await composer.get_by_role("listitem").count()
        await is_opened(house, UUID(answer["id"]))
        opened = log.get_by_text("похоже, открыто")
        await opened.hover()
        await page.get_by_role("tooltip").get_by_text("почтовые серверы загружают картинки и сами").wait_for()
        await comes_back(house, answer["external_id"], "wife@client.test")
        await log.get_by_text("Не дошло до wife@client.test").wait_for()
        arrived = (await anna.get(f"/conversations/{conversation}"))["messages"][-1]

        await page.goto(f"/clients/{client}")
        await page.get_by_role("button", name="Написать", exact=True).click()
        await page.get_by_role("menuitem", name="Новое письмо с темой").click()
        await page.get_by_role("textbox", name="Тема").fill("Ваши билеты")
        await page.get_by_role("textbox", name="Ответ").fill("Прилагаю билеты")
        async with page.expect_request("**/api/v1/messages") as asked:
            await page.keyboard.press("Control+Enter")
        told = (await asked.value).post_data_json or {}
        await page.get_by_text("На этом канале мы ещё не подключены.").wait_for()  # this house has no mailbox

    assert (answer["text"], answer["to"]) == ("Хорошо", ["work@client.test"])
    assert answer["cc"] == ["wife@client.test", "visa@embassy.test"]
    assert arrived["state"] == "sent"  # only a copy came back
    assert copies == 0  # the next answer begins with nobody in copy
    assert (told["client_id"], told["subject"], told["body"]) == (str(client), "Ваши билеты", "Прилагаю билеты")


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


async def test_a_long_conversation_opens_at_its_end_or_where_it_is_searched_and_is_read_on_in_place(
    house: House,
) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        await knows(house, anna, "Группа Пекин", phone="+77010000711", telegram="700711")
        said = [f"Сообщение {number}" if number != 120 else "Потерян паспорт у фонтана" for number in range(400)]
        conversation = await writes_much(house, said, who="700711")
        log = page.get_by_role("log")
        shown = log.get_by_role("article")

        await page.goto(f"/inbox/{conversation}")
        await log.get_by_text("Сообщение 399", exact=True).wait_for()
        at_first = await shown.count()
        await log.get_by_role("button", name="Показать раньше").focus()
        place = await shown.first.inner_text()
        await page.keyboard.press("Enter")
        await expect(shown).not_to_have_count(at_first)
        reading = log.get_by_text(place.split("\n")[0], exact=True)
        await eventually(lambda: reading.evaluate(_IN_SIGHT))

        await page.goto("/inbox?q=паспорт фонтан")
        await page.get_by_role("link", name="Группа Пекин").click()
        found = log.get_by_text("Потерян паспорт у фонтана")
        await eventually(lambda: found.evaluate(_IN_SIGHT))
        assert await log.get_by_text("Сообщение 399", exact=True).count() == 0
        await writes(house, 401, "И ещё одно", who="700711")
        await log.get_by_role("button", name="Показать дальше").click()
        await log.get_by_text("Сообщение 150", exact=True).wait_for()

        await page.get_by_role("button", name="К последним").click()
        await log.get_by_text("И ещё одно", exact=True).wait_for()
        assert at_first == 50


async def test_two_cards_of_one_person_become_one_and_part_again_and_a_family_stays_apart(house: House) -> None:
    async with house.desk(None, "Жанар Ким", role=Role.SUPERVISOR) as zhanar:
        page = zhanar.page
        one = await knows(house, zhanar, "Айгуль Сапарова", phone="+77010000704", telegram="700704")
        other = await knows(house, zhanar, "Айгуль Сапарова", phone="+77010000705", telegram="700705")
        await knows(house, zhanar, "Дамир Сапаров", phone="+77010000704", telegram="700706")
        await writes(house, 1, "Хотим на Хайнань", who="700704")
        await writes(house, 1, "Где мой договор?", who="700705")
        between = page.get_by_role("tabpanel", name="Лента")
        similar = page.get_by_role("dialog").get_by_role("listitem")

        await page.goto(f"/clients/{one}")
        await between.get_by_text("Хотим на Хайнань").wait_for()
        await _asks_to_merge(page)
        family = similar.filter(has_text="Дамир Сапаров").filter(has_text="тот же телефон")
        await family.get_by_role("button", name="Разные люди").click()
        await family.wait_for(state="detached")
        await page.keyboard.press("Escape")
        await _asks_to_merge(page)
        await similar.filter(has_text="то же имя").get_by_role("button", name="Сравнить").click()
        assert await similar.filter(has_text="Дамир").count() == 0

        await page.get_by_role("radio", name="05").check()
        await page.get_by_role("dialog").get_by_text("1 касание").wait_for()
        await page.get_by_role("button", name="Объединить").click()
        await page.wait_for_url(f"**/clients/{other}")
        for said in ("Хотим на Хайнань", "Где мой договор?"):
            await between.get_by_text(said).wait_for()

        await page.get_by_role("button", name="Отменить", exact=True).click()
        await page.wait_for_url(f"**/clients/{one}")
        await between.get_by_text("Хотим на Хайнань").wait_for()
        assert await between.get_by_text("Где мой договор?").count() == 0
        await page.goto(f"/clients/{other}")
        await between.get_by_text("Где мой договор?").wait_for()
        assert await between.get_by_text("Хотим на Хайнань").count() == 0

        # Long after the toast has gone: from the card itself.
        await zhanar.asks("POST", f"/clients/{other}/merge", {"other_id": str(one)})
        await page.goto(f"/clients/{other}")
        await page.get_by_role("button", name="Разъединить…").click()
        await page.get_by_role("dialog").get_by_text("1 касание").wait_for()
        await page.get_by_role("button", name="Разъединить", exact=True).click()
        await page.wait_for_url(f"**/clients/{one}")
        await between.get_by_text("Хотим на Хайнань").wait_for()
        assert await between.get_by_text("Где мой договор?").count() == 0


async def test_a_mail_is_shown_as_it_was_made_in_a_frame_as_high_as_what_it_holds(house: House) -> None:
    async with house.desk(None) as anna:
        page = anna.page
        await knows(house, anna, "Ольга Пак", phone="+77010000709", telegram="700709")
        mail = await writes(
            house,
            1,
            "Тур",
            who="700709@client.test",
            channel=WrittenChannel.EMAIL,
            html=f"<p>{'Строка<br>' * 60}</p><details><summary>Цитата</summary>{'Ещё<br>' * 40}</details>",
        )
        await page.goto(f"/inbox/{mail}")
        await page.get_by_role("button", name="Как в письме").click()
        frame = page.locator("iframe")
        quote = page.frame_locator("iframe").get_by_text("Цитата")

        await quote.wait_for()
        await eventually(lambda: frame.evaluate(_FITS))
        folded = await frame.evaluate("(frame) => frame.offsetHeight")
        await quote.click()
        await eventually(lambda: frame.evaluate(f"(frame) => frame.offsetHeight > {folded} && ({_FITS})(frame)"))

        assert folded > 60 * 20


async def _asks_to_merge(page: Page) -> None:
    await page.get_by_role("button", name="Что сделать с клиентом").click()
    await page.get_by_role("menuitem", name="Объединить с другой карточкой…").click()
    await page.get_by_role("dialog").get_by_text("Похоже, это тот же человек.").wait_for()


async def test_a_ready_answer_is_written_once_filled_for_the_client_and_never_sent_with_a_gap(house: House) -> None:
    async with house.desk(None, "Жанар Ким", role=Role.ADMIN) as zhanar, house.desk(None, "Анна Ли") as anna:
        page = zhanar.page
        await page.goto("/settings/answers")
        await page.get_by_role("button", name="Новый ответ").click()
        await page.get_by_label("Название").fill("Трансфер")
        await page.get_by_label("Сокращение после /").fill("трансфер")
        await page.get_by_label("Текст по-английски").fill("Hello, {{client.first_name}}! {{agent.name}} will come.")
        await page.get_by_label("Текст по-русски").fill("Здравствуйте, {{client.first_name}}! Встретим у отеля")
        await page.get_by_role("button", name="Отель").click()
        await page.keyboard.press("Control+Enter")
        await page.get_by_role("dialog").wait_for(state="detached")

        page = anna.page
        await knows(house, anna, "Наталья Котова", phone="+77010000710", telegram="700710")
        await _speaks(house, await knows(house, anna, "John Smith", phone="+77010000708", telegram="700708"), "en")
        natalia, _ = [await writes(house, 1, f"Нас встретят? {who}", who=who) for who in ("700710", "700708")]
        await eventually(lambda: has(anna, "John Smith", "Наталья Котова"))
        await page.get_by_role("link", name="Входящие").first.click()
        for name, chosen in (("John Smith", "Hello, John! Анна Ли will come."), ("Наталья Котова", _WITH_A_GAP)):
            await page.locator("[data-row]").get_by_text(name).click()
            await page.get_by_role("log").get_by_text("Нас встретят?").wait_for()
            await page.keyboard.press("KeyR")
            await page.keyboard.type("/тра")
            await page.get_by_role("option", name="Трансфер").wait_for()
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("textbox", name="Ответ")).to_have_value(chosen)

        await page.get_by_text("Не знаем: Отель.").wait_for()
        await page.keyboard.press("Control+Enter")
        await page.keyboard.type("Rixos")
        await page.keyboard.press("Control+Enter")
        await page.get_by_role("log").get_by_text("Здравствуйте, Наталья! Встретим у отеля Rixos").wait_for()
        told = await anna.get(f"/conversations/{natalia}")

    assert [one["direction"] for one in told["messages"]] == ["inbound", "outbound"]


async def _speaks(house: House, client: UUID, language: str) -> None:
    async with house.database.begin() as tx:
        await tx.execute("UPDATE clients SET language = $2 WHERE id = $1", client, language)


def forged_marks(text: str) -> tuple[Mark, ...]:
    """Marks that lie over each other, end outside of the text and lead to scripts, as if a channel had let them in."""
    third = len(text) // 3
    return (
        Mark(kind=MarkKind.LINK, offset=0, length=3, address="https://safe.example/"),
        Mark(kind=MarkKind.LINK, offset=0, length=len(text), address="javascript:document.title='taken'"),
        Mark(
            kind=MarkKind.LINK,
            offset=4,
            length=5,
            address="data:text/html,<script>opener.document.title='taken'</script>",
        ),
        Mark(kind=MarkKind.BOLD, offset=1, length=2 * third),
        Mark(kind=MarkKind.ITALIC, offset=third, length=len(text) + 100),
        Mark(kind=MarkKind.QUOTE, offset=third, length=third),
        Mark(kind=MarkKind.PRE, offset=2 * third, length=third),
        Mark(kind=MarkKind.SPOILER, offset=0, length=0),
    )


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
            marks=forged_marks(script),
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

        log = page.get_by_role("log")
        await page.goto(f"/inbox/{conversation}")
        marked = log.get_by_text(script, exact=True).first
        await marked.click()
        links = [await link.get_attribute("href") for link in await marked.locator("a").all()]
        made = await marked.evaluate(
            "text => [...new Set([...text.querySelectorAll('*')].map(one => one.tagName))].sort()"
        )
        await page.goto(f"/inbox/{mail}")
        await log.get_by_text(script, exact=True).first.wait_for()
        await page.get_by_role("button", name="Как в письме").click()
        frame = page.frame_locator("iframe")
        await frame.locator("body").wait_for(state="attached")

        assert await page.title() != "taken"
        assert await frame.locator("script").count() == 0
        assert set(links) == {"https://safe.example/"}
        assert made == ["A", "BLOCKQUOTE", "PRE", "SPAN"]
