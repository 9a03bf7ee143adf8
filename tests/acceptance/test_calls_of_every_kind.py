"""Direct, outbound, internal and given-up calls: what the screen shows and what the log says of them."""

from __future__ import annotations

import pytest

from tests.acceptance.house import House
from tests.lab.softphone import CallRefused

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


async def test_a_direct_call_is_answered(house: House) -> None:
    extension = "1071"
    await house.client("Алия Досова", "+77010000631")

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000631")
        await anna.pops("Алия Досова")
        ringing = await phone.ringing()
        await ringing.answer()
        await anna.shows("Разговор")
        await ringing.hang_up()
        await call.ended()
        await anna.shows("Постобработка")
        ended = await house.call_of("+77010000631", state="wrap_up")

    assert (ended.outcome, ended.ended_by, ended.queue) == ("answered", "agent", None)
    assert [leg.role for leg in ended.legs] == ["direct"]
    assert ended.our_address == "+77273001071"


async def test_a_direct_call_nobody_answers_is_given_up_by_the_pbx(house: House) -> None:
    extension = "1072"

    async with house.desk(extension) as anna, house.lab.soft_phone(extension):
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000632")
        await anna.pops("+7 701 000 06 32")
        await call.ended()
        await anna.is_idle()
        ended = await house.call_of("+77010000632", state="closed")

    assert [leg.result for leg in ended.legs] == ["no_answer"]
    assert (ended.outcome, ended.ended_by, ended.agent_id) == ("no_answer", "system", None)


async def test_a_number_dialled_on_the_phone_is_a_call_of_the_log(house: House) -> None:
    extension = "1073"
    client = await house.client("Тимур Жаксыбеков", "+77010000633")

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        dialled = await phone.dial("87010000633")
        await dialled.answered()
        await anna.slot.get_by_role("heading", name="Тимур Жаксыбеков").wait_for()
        await anna.shows("Разговор")
        await dialled.hang_up()
        await anna.shows("Постобработка")
        ended = await house.call_of("+77010000633", state="wrap_up")

    assert (ended.direction, ended.outcome, ended.ended_by) == ("outbound", "answered", "agent")
    assert (ended.client_id, ended.agent_id) == (client, anna.person.user_id)


async def test_a_dialled_number_that_is_busy_asks_for_no_outcome(house: House) -> None:
    extension = "1081"

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        dialled = await phone.dial("87010000486")
        with pytest.raises(CallRefused):
            await dialled.answered()
        ended = await house.call_of("+77010000486", state="closed")
        await anna.is_idle()

    assert (ended.direction, ended.outcome, ended.agent_id) == ("outbound", "busy", anna.person.user_id)


async def test_click_to_call_rings_the_manager_first_and_f4_ends_it(house: House) -> None:
    extension = "1082"
    client = await house.client("Камшат Бекова", "+77990000634")

    async with (
        house.desk(extension) as anna,
        house.lab.soft_phone(extension) as phone,
        house.lab.client_phone() as clients_phone,
    ):
        await anna.page.goto(f"/clients/{client}")
        await anna.page.get_by_role("main").get_by_role("button", name="Позвонить", exact=True).click()
        ringing = await phone.ringing()
        await anna.shows("Снимите трубку")
        assert clients_phone.calls == []
        await ringing.answer()
        await anna.shows("Набираем")
        await (await clients_phone.ringing()).answer()
        await anna.shows("Разговор")
        await anna.page.keyboard.press("F4")
        await ringing.ended()
        await anna.shows("Постобработка")
        ended = await house.call_of("+77990000634", state="wrap_up")

    assert (ended.direction, ended.outcome, ended.ended_by) == ("outbound", "answered", "agent")
    assert [(leg.role, leg.agent_id) for leg in ended.legs] == [("originate", anna.person.user_id)]
    assert ended.client_id == client


async def test_colleagues_who_call_each_other_are_no_client(house: House) -> None:
    caller, called = "1083", "1091"

    async with (
        house.desk(caller) as anna,
        house.desk(called, "Борис Ким") as boris,
        house.lab.soft_phone(caller) as annas_phone,
        house.lab.soft_phone(called) as boriss_phone,
    ):
        dialled = await annas_phone.dial(called)
        await (await boriss_phone.ringing()).answer()
        await dialled.answered()
        await boris.shows("Разговор")
        await dialled.hang_up()
        await boris.is_idle()
        await anna.is_idle()
        told = await boris.get("/interactions?direction=internal")

    [internal] = told["items"]
    assert (internal["state"], internal["outcome"]) == ("closed", "answered")
    assert (internal["client_id"], internal["contact_number"]) == (None, None)


@pytest.mark.parametrize(
    ("limit_s", "outcome", "caller", "shown"),
    [
        (5, "short_abandoned", "+77010000635", "+7 701 000 06 35"),
        (0, "abandoned", "+77010000636", "+7 701 000 06 36"),
    ],
)
async def test_a_caller_who_does_not_wait_is_told_by_how_long_they_waited(
    house: House, limit_s: int, outcome: str, caller: str, shown: str
) -> None:
    queue = house.lab.office.queue("q12")
    extension = queue.members[0 if limit_s else 1].extension
    await house.short_abandon(queue.name, limit_s)

    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        call = await house.lab.call(queue.did, caller=caller)
        await phone.ringing()
        await anna.pops(shown)
        client = await call.hang_up()
        await anna.slot.get_by_text("Не дождались").wait_for()
        ended = await house.call_of(caller, state="closed")
    await house.lab.everything_is_over()

    assert client.ended_at is not None
    waited_s = (client.ended_at - client.began_at).total_seconds()
    assert (ended.outcome, ended.ended_by) == (outcome, "client")
    assert ended.wait_s == pytest.approx(waited_s, abs=0.5)
    assert {leg.result for leg in ended.legs if leg.agent_id} == {"cancelled"}
    assert "ABANDON" in [line.event for line in house.lab.queue_log(ended.external_id)]
