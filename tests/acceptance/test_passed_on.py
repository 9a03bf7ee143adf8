"""A client who is passed on: what the next manager sees while it rings, and what the log says in the end."""

from __future__ import annotations

import pytest

from tests.acceptance.house import House

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]

TALKED_BEFORE = "С клиентом уже говорили"


async def test_who_is_rung_next_sees_who_talked_and_what_they_noted(house: House) -> None:
    first, second = "1012", "1013"
    await house.client("Лаура Сатыбалды", "+77010000641")

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Ким") as boris,
        house.lab.soft_phone(first) as annas_phone,
        house.lab.soft_phone(second) as boriss_phone,
    ):
        call = await house.lab.call(house.lab.office.direct_did(first), caller="87010000641")
        talk = await annas_phone.ringing()
        await talk.answer()
        await anna.shows("Разговор")
        talking = await house.call_of("+77010000641", state="active")
        await anna.asks("PUT", f"/drafts/interaction:{talking.id}", {"body": {"note": "хочет тихий номер"}})
        await talk.transfer_to(second)
        ring = await boriss_phone.ringing()
        await boris.pops("Лаура Сатыбалды")
        await boris.shows(TALKED_BEFORE)
        await boris.slot.get_by_text("хочет тихий номер").wait_for()
        await ring.answer()
        await boris.shows("Разговор")
        await call.hang_up()
        await boris.shows("Постобработка")
        ended = await house.call_of("+77010000641", state="wrap_up")
        await anna.is_idle()

    assert [(stop.kind, stop.name) for stop in ended.path] == [("agent", "Анна Ли"), ("agent", "Борис Ким")]
    assert (ended.agent_name, [leg.role for leg in ended.legs]) == ("Борис Ким", ["direct", "transfer_blind"])


async def test_a_phone_that_rang_for_a_colleague_goes_on_ringing_for_the_client(house: House) -> None:
    first, second = "1022", "1023"
    await house.client("Ришат Валеев", "+77010000642")

    async with (
        house.desk(first) as anna,
        house.desk(second, "Борис Цой") as boris,
        house.lab.soft_phone(first) as annas_phone,
        house.lab.soft_phone(second) as boriss_phone,
    ):
        call = await house.lab.call(house.lab.office.direct_did(first), caller="87010000642")
        talk = await annas_phone.ringing()
        await talk.answer()
        await anna.shows("Разговор")
        await talk.hold()
        consultation = await annas_phone.dial(second)
        ring = await boriss_phone.ringing()
        await boris.shows("Звонит вам")
        asked = (await boris.get("/interactions?direction=internal"))["items"][0]
        await consultation.alerting()
        await talk.join_to(consultation)
        await boris.pops("Ришат Валеев")
        await ring.answer()
        await boris.shows("Разговор")
        await call.hang_up()
        await boris.shows("Постобработка")
        ended = await house.call_of("+77010000642", state="wrap_up")
        folded = await boris.get(f"/interactions/{asked['id']}")
        internal = (await boris.get("/interactions?direction=internal"))["items"]
        await anna.is_idle()

    assert (folded["id"], internal) == (str(ended.id), [])
    assert [(leg.role, leg.result) for leg in ended.legs] == [
        ("direct", "answered"),
        ("consult", "answered"),
        ("transfer_attended", "answered"),
    ]
