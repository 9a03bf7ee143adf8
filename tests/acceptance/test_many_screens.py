"""Two tabs, a reload at any moment, another language: the same call stands on every screen."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.house import Desk, House

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_two_tabs_and_a_reload_show_the_same_at_every_moment(house: House) -> None:
    queue = house.lab.office.queue("q11")
    extension = queue.members[1].extension
    await house.client("Бахыт Нуралиев", "+77010000651")

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        tabs = [anna, await _another_tab(house, anna)]
        call = await house.lab.call(queue.did, caller="87010000651")
        ringing = await phone.ringing()
        await _all_show(tabs, "Звонит вам", "Бахыт Нуралиев")
        await anna.page.reload()
        await _all_show(tabs, "Звонит вам", "Бахыт Нуралиев")
        await ringing.answer()
        await _all_show(tabs, "Разговор", "Бахыт Нуралиев")
        await anna.page.reload()
        await _all_show(tabs, "Разговор", "Бахыт Нуралиев")
        await call.hang_up()
        await _all_show(tabs, "Постобработка", "Бахыт Нуралиев")
        await anna.page.reload()
        await _all_show(tabs, "Постобработка", "Бахыт Нуралиев")
        await anna.slot.get_by_text("Вопрос решён").click()
        await anna.slot.get_by_role("button", name="Сохранить").click()
        for tab in tabs:
            await tab.is_idle()


async def test_an_english_screen_tells_the_same_call_in_english(house: House) -> None:
    queue = house.lab.office.queue("q11")
    extension = queue.members[2].extension
    await house.client("John Whitfield", "+447700900652")

    async with house.desk(extension, "Mary Stone") as mary, house.lab.soft_phone(extension) as phone:
        await mary.page.get_by_role("button", name="Вид и звук").click()
        await mary.page.get_by_role("radio", name="English").click()
        await mary.page.keyboard.press("Escape")
        call = await house.lab.call(queue.did, caller="00447700900652")
        ringing = await phone.ringing()
        await _all_show([mary], "Ringing you", "John Whitfield")
        while_ringing = await mary.slot.inner_text()
        await ringing.answer()
        await _all_show([mary], "Talking", "John Whitfield")
        await call.hang_up()
        await mary.shows("Wrap-up")
        await mary.slot.get_by_text("Issue solved").click()
        await mary.slot.get_by_role("button", name="Save and be available").click()
        await mary.slot.get_by_text("A call will appear here.").wait_for()
        afterwards = await mary.slot.inner_text()

    assert "Pick up the phone" in while_ringing
    assert not re.search("[а-яё]", while_ringing + afterwards, re.IGNORECASE)


async def _another_tab(house: House, desk: Desk) -> Desk:
    page = await desk.context.new_page()
    await house.open(page)
    return Desk(person=desk.person, context=desk.context, page=page, csrf_token=desk.csrf_token)


async def _all_show(tabs: list[Desk], state: str, name: str) -> None:
    for tab in tabs:
        await tab.shows(state)
        await tab.slot.get_by_role("heading", name=name).wait_for()
