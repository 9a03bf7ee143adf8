"""What was promised at the end of one call is the first thing on the screen at the next."""

from __future__ import annotations

import pytest

from tests.acceptance.house import House

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
