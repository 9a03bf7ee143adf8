"""The right client's card stands on the right manager's screen before the phone is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.store.database import Database
from tests.acceptance.pbx import pbx_settings, the_call
from tests.acceptance.program import browser, hire, serving, settings_for, sign_in
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_client

pytestmark = pytest.mark.lab


async def test_a_call_is_popped_talked_and_closed_in_two_clicks(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    queue = lab.office.queue("q05")
    first, second = queue.members[0].extension, queue.members[1].extension
    await hire(database, "anna", "Анна Ли", extension=first)
    await hire(database, "boris", "Борис Ким", extension=second)
    await add_client(database, "Айгерим Сулейменова", phone="+77010000501")
    settings = settings_for(tmp_path, [pbx_settings(asterisk)])

    async with serving(settings, database), browser() as chrome, lab.soft_phone(first) as phone:
        annas, boriss = [await sign_in(chrome, settings, login) for login in ("anna", "boris")]
        page = annas.pages[0]
        call = await lab.call(queue.did, caller="87010000501")
        ringing = await phone.ringing()
        pop = page.get_by_role("complementary").filter(has_text="Звонит вам")
        await pop.get_by_role("heading", name="Айгерим Сулейменова").wait_for()
        assert ringing.side.answered_at is None
        assert await boriss.pages[0].get_by_text("Айгерим Сулейменова").count() == 0

        await ringing.answer()
        slot = page.get_by_role("complementary")
        await slot.get_by_text("Разговор", exact=True).wait_for()
        client = await call.hang_up()
        await slot.get_by_text("Постобработка").wait_for()
        await slot.get_by_text("Вопрос решён").click()
        await slot.get_by_role("button", name="Сохранить").click()
        closed = await the_call(database, "+77010000501", state="closed")
        told = await (await annas.request.get("/api/v1/interactions")).json()
    await lab.everything_is_over()

    [record] = lab.cdr(number="87010000501")
    log = lab.queue_log(record["uniqueid"])
    [listed] = told["items"]
    assert [line.event for line in log] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]
    assert listed["external_id"] == record["linkedid"]
    assert (listed["outcome"], listed["ended_by"], record["disposition"]) == ("answered", "client", "ANSWERED")
    assert listed["disposition"]["code"] == "HOTLINE_HELP"
    assert client.ended_at is not None
    assert ringing.side.answered_at is not None
    talked_s = (client.ended_at - ringing.side.answered_at).total_seconds()
    assert closed.talk_s == pytest.approx(talked_s, abs=0.5)
