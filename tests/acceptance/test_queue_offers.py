"""A queue offers a call to phones; each screen shows what its own phone does, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from tests.acceptance.house import House
from tests.lab.sipp_scenarios import Refuses

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_a_call_the_first_manager_does_not_take_moves_to_the_second(house: House) -> None:
    queue = house.lab.office.queue("q06")
    first, second = (member.extension for member in queue.members[:2])
    await house.client("Сауле Ахметова", "+77010000601")

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Ким") as boris,
        house.lab.soft_phone(first),
        house.lab.soft_phone(second) as boriss_phone,
    ):
        call = await house.lab.call(queue.did, caller="87010000601")
        await anna.pops("Сауле Ахметова")
        ringing = await boriss_phone.ringing()
        await asyncio.gather(boris.pops("Сауле Ахметова"), anna.shows("Вызов ушёл дальше: Сауле Ахметова"))
        await anna.is_idle()
        await ringing.answer()
        await boris.shows("Разговор")
        await call.hang_up()
        wrapping_up = await house.call_of("+77010000601", state="wrap_up")

    assert [leg.result for leg in wrapping_up.legs] == ["no_answer", "answered"]
    assert [leg.agent_id for leg in wrapping_up.legs] == [anna.person.user_id, boris.person.user_id]
    assert (wrapping_up.agent_id, wrapping_up.outcome) == (boris.person.user_id, "answered")


async def test_f4_refuses_at_the_phone_and_the_queue_goes_on(house: House) -> None:
    queue = house.lab.office.queue("q03")
    first, second = (member.extension for member in queue.members[:2])

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Ким") as boris,
        house.lab.soft_phone(first) as annas_phone,
        house.lab.soft_phone(second) as boriss_phone,
    ):
        call = await house.lab.call(queue.did, caller="87010000602")
        await anna.pops("+7 701 000 06 02")
        await anna.page.keyboard.press("F4")
        annas = await annas_phone.ringing()
        await annas.ended()
        ringing = await boriss_phone.ringing()
        await boris.pops("+7 701 000 06 02")
        await anna.is_idle()
        await ringing.answer()
        talking = await house.call_of("+77010000602", state="active")
        await call.hang_up()
        await house.call_of("+77010000602", state="wrap_up")

    assert annas.answered_at is None
    assert [leg.result for leg in talking.legs] == ["declined", "answered"]


async def test_when_all_ring_an_answer_withdraws_the_card_from_the_others(house: House) -> None:
    queue = house.lab.office.queue("q09")
    first, second = (member.extension for member in queue.members[:2])
    await house.client("Нурлан Тлеубаев", "+77010000603")

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Ким") as boris,
        house.lab.soft_phone(first) as annas_phone,
        house.lab.soft_phone(second),
    ):
        call = await house.lab.call(queue.did, caller="87010000603")
        await anna.pops("Нурлан Тлеубаев")
        await boris.pops("Нурлан Тлеубаев")
        await (await annas_phone.ringing()).answer()
        await asyncio.gather(anna.shows("Разговор"), boris.shows("Ответил другой: Нурлан Тлеубаев"))
        await boris.is_idle()
        await call.hang_up()
        ended = await house.call_of("+77010000603", state="wrap_up")

    results = {leg.agent_id: leg.result for leg in ended.legs if leg.agent_id}
    assert results == {anna.person.user_id: "answered", boris.person.user_id: "answered_elsewhere"}


async def test_a_busy_phone_never_shows_a_card(house: House) -> None:
    queue = house.lab.office.queue("q10")
    first, second = (member.extension for member in queue.members[:2])
    await house.client("Гаухар Есимова", "+77010000604")

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Ким") as boris,
        house.lab.phone(first, Refuses(status=486)),
        house.lab.soft_phone(second) as boriss_phone,
    ):
        glimpses = await anna.glimpses()
        call = await house.lab.call(queue.did, caller="87010000604")
        await boris.pops("Гаухар Есимова")
        await (await boriss_phone.ringing()).answer()
        await boris.shows("Разговор")
        await call.hang_up()
        ended = await house.call_of("+77010000604", state="wrap_up")
        await anna.is_idle()

    busy = [leg for leg in ended.legs if leg.agent_id == anna.person.user_id]
    assert {leg.result for leg in busy} == {"busy"}
    assert not [text for text in glimpses if "Гаухар" in text or "Звонит" in text]
