"""The queues of the PBX pass by whoever talks, finishes or has lunch, and ring them again after it."""

from __future__ import annotations

import pytest

from tests.acceptance.house import House

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_the_pause_for_wrap_up_begins_with_the_talk_and_ends_with_the_outcome(house: House) -> None:
    queue = house.lab.office.queue("q09")
    phone_of_anna = queue.members[2]

    async with house.desk(phone_of_anna.extension) as anna, house.lab.soft_phone(phone_of_anna.extension) as phone:
        call = await house.lab.call(queue.did, caller="87010000641")
        await (await phone.ringing()).answer()
        await house.lab.is_paused(phone_of_anna, "WRAP_UP")
        await anna.shows("Разговор")
        await call.hang_up()
        await anna.shows("Постобработка")
        still = house.lab.pause_of(phone_of_anna)
        await anna.page.keyboard.press("F2")
        await anna.page.keyboard.press("1")
        await anna.page.keyboard.press("Control+Enter")
        await anna.is_idle()
        await house.lab.is_paused(phone_of_anna, None)

    assert still == "WRAP_UP"


async def test_lunch_chosen_on_the_screen_is_lunch_at_the_pbx(house: House) -> None:
    member = house.lab.office.queue("q10").members[2]

    async with house.desk(member.extension) as anna:
        await anna.page.keyboard.press("Alt+p")
        await anna.page.get_by_role("menuitem", name="Обед").click()
        await house.lab.is_paused(member, "LUNCH")
        await anna.shows("Пауза: обед")
        await anna.slot.get_by_role("button", name="На линию").click()
        await house.lab.is_paused(member, None)
