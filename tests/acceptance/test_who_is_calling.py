"""Whose card it is: a stranger's, one of several people's, nobody's."""

from __future__ import annotations

import pytest

from tests.acceptance.house import House

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_a_stranger_is_written_down_in_place_and_known_the_next_time(house: House) -> None:
    extension = "1061"
    number = house.lab.office.direct_did(extension)

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        first = await house.lab.call(number, caller="87010000611")
        await anna.pops("+7 701 000 06 11")
        await anna.shows("Номер не знаком. Запишите имя или прикрепите к клиенту.")
        await anna.slot.get_by_label("Имя, фамилия или телефон").fill("Жанна Серикова")
        await anna.slot.get_by_role("button", name="Новый клиент: Жанна Серикова").click()
        await anna.pops("Жанна Серикова")
        await first.hang_up()
        await anna.is_idle()
        missed = await house.call_of("+77010000611", state="closed")
        await (await phone.ringing()).ended()

        again = await house.lab.call(number, caller="+77010000611")
        await anna.pops("Жанна Серикова")
        await again.hang_up()
        await anna.is_idle()
        known = await house.call_of("+77010000611", state="closed")

    assert known.id != missed.id
    assert (missed.client_id, missed.client_name) == (known.client_id, "Жанна Серикова")


async def test_of_two_people_behind_one_number_the_manager_chooses(house: House) -> None:
    extension = "1062"
    await house.client("Марат Оспанов", "+77010000612")
    dina = await house.client("Дина Оспанова", "+77010000612")

    async with house.desk(extension) as anna, house.lab.soft_phone(extension):
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000612")
        await anna.pops("+7 701 000 06 12")
        await anna.shows("На этом номере 2 человека. Кто звонит?")
        await anna.slot.get_by_role("button", name="Марат Оспанов").wait_for()
        await anna.slot.get_by_role("button", name="Дина Оспанова").click()
        await anna.pops("Дина Оспанова")
        await call.hang_up()
        await anna.is_idle()

    assert (await house.call_of("+77010000612", state="closed")).client_id == dina


async def test_a_withheld_number_is_a_card_to_fill_and_no_error(house: House) -> None:
    extension = "1063"

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000613", anonymous=True)
        await anna.pops("Номер скрыт")
        await anna.shows("Номер скрыт. Спросите имя и запишите.")
        await (await phone.ringing()).answer()
        await anna.shows("Разговор")
        await anna.slot.get_by_label("Имя, фамилия или телефон").fill("Голос Без Номера")
        await anna.slot.get_by_role("button", name="Новый клиент: Голос Без Номера").click()
        await anna.slot.get_by_role("heading", name="Голос Без Номера").wait_for()
        await call.hang_up()
        await anna.shows("Постобработка")
        told = await anna.get("/interactions")

    [interaction] = told["items"]
    assert (interaction["client_address"], interaction["client_name"]) == (None, "Голос Без Номера")
