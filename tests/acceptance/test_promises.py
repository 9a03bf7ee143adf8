"""What was promised at the end of one call is the first thing on the screen at the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from crm_core.domain.people import Role
from tests.acceptance.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_a_promise_made_by_keyboard_stands_first_at_the_next_call_and_is_kept_by_it(house: House) -> None:
    queue = house.lab.office.queue("q11")
    extension = queue.members[0].extension
    client = await house.client("Ержан Мукашев", "+77010000621")

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        keyboard = anna.page.keyboard
        first = await house.lab.call(queue.did, caller="87010000621")
        await (await phone.ringing()).answer()
        await anna.shows("Разговор")
        await first.hang_up()
        await anna.shows("Постобработка")
        await keyboard.press("F2")
        await keyboard.press("2")  # «Обещан перезвон»
        await keyboard.press("2")  # через час
        await keyboard.press("n")
        await keyboard.type("Подобрать Хайнань на двоих")
        await keyboard.press("Control+Enter")
        await anna.is_idle()
        promised = await anna.get(f"/callbacks?client_id={client}")

        second = await house.lab.call(queue.did, caller="87010000621")
        await anna.pops("Ержан Мукашев")
        blocks = await anna.slot.inner_text()
        await (await phone.ringing()).answer()
        await anna.slot.get_by_text("Обещание выполн").wait_for()
        await second.hang_up()
        await anna.shows("Постобработка")
        kept = await anna.get(f"/callbacks?client_id={client}")
        closed = await house.call_of("+77010000621", state="wrap_up")

    [promise] = promised["items"]
    assert (promise["state"], promise["agent_id"]) == ("open", str(anna.person.user_id))
    assert blocks.index("Обещание: ") < blocks.index("Подобрать Хайнань на двоих")
    assert [(one["state"], one["kept_in"]) for one in kept["items"]] == [("kept", str(closed.id))]


async def test_a_caller_who_gave_up_twice_is_one_row_and_one_promise_that_a_click_keeps(house: House) -> None:
    queue = house.lab.office.queue("q09")
    extension = queue.members[0].extension
    client = await house.client("Мадина Оспанова", "+77990000622")
    await house.short_abandon("q09", 0)

    async with (
        house.desk(extension) as anna,
        house.desk(None, "Ирина Цой", role=Role.SUPERVISOR) as irina,
        house.lab.soft_phone(extension) as phone,
        house.lab.client_phone() as clients_phone,
    ):
        await house.manager_of(client, anna.person)
        await irina.page.goto("/missed?queue=q09")
        row = irina.page.get_by_role("main").get_by_role("listitem").filter(has_text="Мадина Оспанова")
        for _ in range(2):
            call = await house.lab.call(queue.did, caller="87990000622")
            await phone.ringing()
            await anna.pops("Мадина Оспанова")
            await call.hang_up()
            await anna.is_idle()
        await row.filter(has_text="2 раза за").wait_for()
        rows = await row.count()
        promises = await anna.get(f"/callbacks?client_id={client}&state=open")

        mine = (
            anna.page.get_by_role("main").get_by_role("listitem").filter(has_text="Перезваниваете вы: это ваш клиент.")
        )
        await mine.get_by_role("button", name="Позвонить").click()
        await anna.shows("Снимите трубку")
        await (await phone.ringing()).answer()
        await (await clients_phone.ringing()).answer()
        await anna.shows("Разговор")
        await row.wait_for(state="detached")
        await anna.page.keyboard.press("F4")
        await anna.shows("Постобработка")
        talked = await house.call_of("+77990000622", state="wrap_up")
        kept = await anna.get(f"/callbacks?client_id={client}")
        await irina.page.goto("/missed?queue=q09&state=reached")
        await row.filter(has_text="Дозвонились в").wait_for()

    [promise] = promises["items"]
    assert rows == 1
    assert (promise["agent_id"], len(promise["tries"])) == (str(anna.person.user_id), 2)
    assert promise["why"]["ru"].startswith("Пропущенный звонок, попыток: 2")
    assert [(one["state"], one["kept_in"]) for one in kept["items"]] == [("kept", str(talked.id))]


async def test_a_promise_that_moves_says_so_on_the_old_card_and_does_not_dial_from_it(house: House) -> None:
    client = await house.client("Сауле Ибраева", "+77010000623")
    due_at = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()

    async with (
        house.desk(None, "Анна Лим") as anna,
        house.desk(None, "Борис Ким") as boris,
        house.desk(None, "Ирина Цой", role=Role.OWNER) as irina,
    ):
        made = {"client_id": str(client), "due_at": due_at, "agent_id": str(anna.person.user_id)}
        _, promise = await irina.asks("POST", "/callbacks", made)
        await anna.page.goto(f"/clients/{client}")
        await anna.page.get_by_text("Обещание опаздывает").wait_for()

        move = {"agent_id": str(boris.person.user_id), "reason": "Анна на обучении"}
        await irina.asks("POST", f"/callbacks/{promise['id']}/move", move)

        card = anna.page.get_by_role("region", name="Обещано клиенту")
        await card.get_by_text("Перешло: Борис К.").wait_for()
        said = await card.inner_text()
        await anna.page.get_by_text("Обещание перешло: Сауле Ибраева (теперь Борис К.)").wait_for()
        came = boris.page.get_by_text("Обещание перешло к вам: Сауле Ибраева")
        await came.wait_for()
        call = {"client_id": str(client), "callback_id": promise["id"]}
        status, refused = await anna.asks("POST", "/calls", call)
        await anna.page.get_by_role("main").get_by_role("button", name="Позвонить", exact=True).click()
        asked = anna.page.get_by_role("dialog", name="Перешло: Борис К.")
        await asked.get_by_role("button", name="Не звонить").click()
        await asked.wait_for(state="detached")

    assert "Анна на обучении" in said
    assert (status, refused["code"], refused["agent_name"]) == (409, "callback_moved", "Борис Ким")


async def test_a_promise_nobody_keeps_moves_by_itself_to_a_colleague_who_is_there(house: House) -> None:
    queue = house.lab.office.queue("q11")
    extension = queue.members[1].extension
    client = await house.client("Динара Ахметова", "+77010000624")

    async with (
        house.desk(extension) as anna,
        house.desk(None, "Борис Ким") as boris,
        house.lab.soft_phone(extension) as phone,
    ):
        await house.hurry("hurried", anna.person, boris.person, grace=timedelta(seconds=3))
        call = await house.lab.call(queue.did, caller="87010000624")
        await (await phone.ringing()).answer()
        await anna.shows("Разговор")
        await call.hang_up()
        await anna.shows("Постобработка")
        talked = await house.call_of("+77010000624", state="wrap_up")
        await anna.page.goto(f"/clients/{client}")

        due_at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        agreed = {"code": "CALLBACK_PROMISED", "callback": {"due_at": due_at}}
        await anna.asks("PUT", f"/interactions/{talked.id}/disposition", agreed)
        [promise] = (await anna.get(f"/callbacks?client_id={client}"))["items"]

        await boris.page.get_by_text("Обещание перешло к вам: Динара Ахметова").wait_for()
        await boris.page.get_by_role("main").get_by_role("listitem").filter(has_text="Динара Ахметова").wait_for()
        await anna.page.get_by_text("Обещание перешло: Динара Ахметова (теперь Борис К.)").wait_for()
        card = anna.page.get_by_role("region", name="Обещано клиенту")
        await card.get_by_text("Перешло: Борис К.").wait_for()
        said = await card.inner_text()
        [moved] = (await boris.get(f"/callbacks?client_id={client}"))["items"]

    assert (promise["agent_id"], promise["promised_in"]) == (str(anna.person.user_id), str(talked.id))
    assert (moved["id"], moved["state"], moved["moves"]) == (promise["id"], "open", 1)
    assert [turn["agent_id"] for turn in moved["history"]] == [str(anna.person.user_id), str(boris.person.user_id)]
    came = moved["history"][-1]
    assert came["reason"] == "late"
    assert datetime.fromisoformat(came["from"]) >= datetime.fromisoformat(promise["escalate_at"])
    assert "(Анна Ли → Борис Ким)" in came["words"]["ru"]
    assert came["words"]["ru"] in said


async def test_a_call_dialled_in_the_last_seconds_keeps_the_promise_though_it_is_answered_later(house: House) -> None:
    extension = house.lab.office.queue("q10").members[0].extension
    client = await house.client("Руслан Ибраев", "+77990000625")

    async with (
        house.desk(extension) as anna,
        house.desk(None, "Борис Ким") as boris,
        house.lab.soft_phone(extension) as phone,
        house.lab.client_phone() as clients_phone,
    ):
        await house.hurry("nearly late", anna.person, boris.person, grace=timedelta(seconds=6))
        made = {"client_id": str(client), "due_at": datetime.now(UTC).isoformat()}
        _, promise = await anna.asks("POST", "/callbacks", made)
        row = anna.page.get_by_role("main").get_by_role("listitem").filter(has_text="Руслан Ибраев")
        call = row.get_by_role("button", name="Позвонить")
        await call.wait_for()
        over_at = datetime.fromisoformat(promise["escalate_at"])
        await _clock_shows(house, over_at - timedelta(seconds=2))

        await call.click()
        ringing = await phone.ringing()
        await eventually(partial(_held_after, house, promise["id"], over_at))
        await ringing.answer()
        await (await clients_phone.ringing()).answer()
        await anna.shows("Разговор")
        await anna.page.keyboard.press("F4")
        await anna.shows("Постобработка")
        talked = await house.call_of("+77990000625", state="wrap_up")
        [kept] = (await anna.get(f"/callbacks?client_id={client}"))["items"]

    assert talked.started_at <= over_at
    assert talked.answered_at is not None
    assert talked.answered_at > over_at
    assert (kept["state"], kept["kept_in"], kept["moves"]) == ("kept", str(talked.id), 0)
    assert [turn["agent_id"] for turn in kept["history"]] == [str(anna.person.user_id)]


async def _clock_shows(house: House, moment: datetime) -> None:
    """Wait for a moment on the clock by which promises are judged."""
    async with house.database.read() as db:
        await db.fetchval("SELECT pg_sleep_until($1)", moment)


async def _held_after(house: House, promise: str, moment: datetime) -> bool:
    """Has the watchdog looked at the promise since then, and left it for another look."""
    async with house.database.read() as db:
        return bool(await db.fetchval("SELECT next_at > $2 FROM callbacks WHERE id = $1", UUID(promise), moment))
