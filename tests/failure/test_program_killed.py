"""``kill -9`` in the middle of calls: what lives is right afterwards, what was missed is marked, nothing is doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.store.database import Database
from tests.acceptance.pbx import pbx_settings
from tests.acceptance.program import PASSWORD, browser, hire, in_line
from tests.failure.program import Program, call_in, gaps_of, log_of, told_twice
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_agent, add_client
from tests.waiting import eventually

pytestmark = pytest.mark.lab


async def test_after_a_kill_live_calls_go_on_lost_ones_are_closed_and_nothing_is_doubled(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    talks, leaves, rings = "1002", "1003", "1004"
    people = {one: await add_agent(database, one, extension=one, present=False) for one in (talks, leaves, rings)}

    async with (
        Program(database.url, tmp_path, pbx_settings(asterisk)) as program,
        lab.soft_phone(talks) as first,
        lab.soft_phone(leaves) as second,
        lab.soft_phone(rings) as third,
    ):
        goes_on = await lab.call(lab.office.direct_did(talks), caller="87010000701")
        await (await first.ringing()).answer()
        is_lost = await lab.call(lab.office.direct_did(leaves), caller="87010000702")
        await (await second.ringing()).answer()
        before = await call_in(database, "+77010000701", "active")
        await call_in(database, "+77010000702", "active")

        await program.kill()
        await is_lost.hang_up()
        begins = await lab.call(lab.office.direct_did(rings), caller="87010000703")
        ringing = await third.ringing()
        await program.start()

        lost = await call_in(database, "+77010000702", "closed")
        await ringing.answer()
        late = await call_in(database, "+77010000703", "active")
        after = await call_in(database, "+77010000701", "active")
        await goes_on.hang_up()
        await begins.hang_up()
        ended = await call_in(database, "+77010000701", "closed")
        await call_in(database, "+77010000703", "closed")
        stopped = await program.stop()
    everything = await log_of(database)
    [gap] = await gaps_of(database)

    assert (before.id, before.legs[0].id) == (after.id, after.legs[0].id)
    assert (ended.outcome, ended.ended_by, ended.agent_id) == ("answered", "client", people[talks])
    assert (lost.outcome, lost.complete) == ("answered", False)
    assert [leg.agent_id for leg in late.legs] == [people[rings]]
    assert len(everything) == 3
    assert await told_twice(database) == []
    # One ended unheard, one began, and what became of the third meanwhile nobody can know.
    assert (gap["source"], gap["affected"]) == ("main", 3)
    assert gap["to_at"] is not None
    assert stopped == 0


async def test_killed_again_and_again_in_one_call_it_stays_one_and_is_told_to_its_end(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    extension, caller = "1006", "+77010000706"
    anna = await add_agent(database, "anna", extension=extension, present=False)

    async with (
        Program(database.url, tmp_path, pbx_settings(asterisk)) as program,
        lab.soft_phone(extension) as phone,
    ):
        call = await lab.call(lab.office.direct_did(extension), caller="87010000706")
        ringing = await phone.ringing()
        await eventually(lambda: _is_offered_to_somebody(database, caller))
        rang = await call_in(database, caller, "offered")
        await program.kill()
        await program.start()
        still_rings = await call_in(database, caller, "offered")
        await ringing.answer()
        talked = await call_in(database, caller, "active")
        await program.kill()
        await program.start()
        await call.hang_up()
        ended = await call_in(database, caller, "closed")
    everything = await log_of(database)

    assert [one.id for one in everything] == [rang.id] == [still_rings.id] == [talked.id] == [ended.id]
    assert (ended.outcome, ended.ended_by, ended.agent_id) == ("answered", "client", anna)
    assert [(leg.id, leg.role, leg.result) for leg in ended.legs] == [(rang.legs[0].id, "direct", "answered")]
    assert (ended.answered_at, ended.wait_s) == (talked.answered_at, talked.wait_s)
    assert not ended.complete  # nobody knows what was pressed while nobody listened
    assert await told_twice(database) == []
    assert program.said("calls_remembered") == 2


async def _is_offered_to_somebody(database: Database, caller: str) -> bool:
    return bool((await call_in(database, caller, "offered")).legs)


async def test_an_open_page_finds_the_program_again_and_shows_the_truth(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    queue = lab.office.queue("hotline")
    extension = queue.members[0].extension
    await hire(database, "anna", "Анна Ли", extension=extension)
    await add_client(database, "Мадина Садыкова", phone="+77010000711")

    async with (
        Program(database.url, tmp_path, pbx_settings(asterisk)) as program,
        browser() as chrome,
        lab.soft_phone(extension) as phone,
    ):
        context = await chrome.new_context(locale="ru-RU", base_url=program.url)
        await context.request.post("/api/v1/session", data={"login": "anna", "password": PASSWORD})
        page = await context.new_page()
        await page.goto("/")
        await in_line(page)
        slot = page.locator("#slot")
        call = await lab.call(queue.did, caller="87010000711")
        ringing = await phone.ringing()
        await slot.get_by_role("heading", name="Мадина Садыкова").wait_for()
        await slot.get_by_text("Звонит вам").wait_for()

        await program.kill()
        await page.get_by_role("alert").wait_for()
        await ringing.answer()
        await program.start()

        await slot.get_by_text("Разговор", exact=True).wait_for()
        await call.hang_up()
        await slot.get_by_text("Постобработка").wait_for()
        await slot.get_by_text("Вопрос решён").click()
        await slot.get_by_role("button", name="Сохранить").click()
        closed = await call_in(database, "+77010000711", "closed")

        async def idle() -> bool:
            return await slot.get_by_text("Звонок появится здесь.").count() > 0

        await eventually(idle)

    assert closed.disposition is not None
    assert len(await log_of(database)) == 1
