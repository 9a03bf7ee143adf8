"""Real calls on a real Asterisk stand in the log as SIPp, queue_log and the CDR tell them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.actions.dialling import hang_up, place_call
from crm_core.actions.interactions import set_disposition
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from tests.acceptance.pbx import EVERYBODY, hearing, the_call
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_agent, add_client

pytestmark = pytest.mark.lab


async def test_a_queue_call_is_told_as_the_pbx_tells_it(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    queue = lab.office.queue("q04")
    anna = await add_agent(database, "anna", extension=queue.members[0].extension)
    aigerim = await add_client(database, "Айгерим Сулейменова", phone="+77010000401")

    async with hearing(asterisk, database, tmp_path), lab.soft_phone(queue.members[0].extension) as phone:
        call = await lab.call(queue.did, caller="87010000401")
        ringing = await phone.ringing()
        offered = await the_call(database, "+77010000401")
        await ringing.answer()
        talking = await the_call(database, "+77010000401", state="active")
        await call.hang_up()
        wrapping_up = await the_call(database, "+77010000401", state="wrap_up")
        async with database.begin() as tx:
            await set_disposition(tx, wrapping_up.id, EVERYBODY, code="SALE", note=None, callback=None)
    await lab.everything_is_over()

    [record] = lab.cdr(number="87010000401")
    log = lab.queue_log(record["uniqueid"])
    assert [one.id for one in (offered, talking, wrapping_up)] == [offered.id] * 3
    assert (offered.client_id, talking.legs[0].agent_id) == (aigerim, anna)
    assert (wrapping_up.outcome, wrapping_up.ended_by, wrapping_up.queue) == ("answered", "client", "q04")
    assert (wrapping_up.external_id, record["disposition"]) == (record["linkedid"], "ANSWERED")
    assert [line.event for line in log] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]
    assert wrapping_up.talk_s is not None
    assert ringing.side.answered_at is not None


async def test_click_to_call_rings_the_manager_then_the_client(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    extension = lab.office.queue("q04").members[1].extension
    boris = Viewer(user_id=await add_agent(database, "boris", extension=extension), role=Role.AGENT, team_id=None)

    async with hearing(asterisk, database, tmp_path), lab.soft_phone(extension) as phone:
        async with database.begin() as tx:
            placed = await place_call(tx, boris, client_id=None, number="+77010000403", country="KZ", dialling=["main"])
        ringing = await phone.ringing()
        await ringing.answer()
        talking = await the_call(database, "+77010000403", state="active")
        async with database.begin() as tx:
            await hang_up(tx, placed, boris)
        ended = await the_call(database, "+77010000403", state="wrap_up")
    await lab.everything_is_over()

    assert (talking.id, talking.direction) == (placed, "outbound")
    assert (ended.outcome, ended.ended_by, ended.agent_id) == ("answered", "agent", boris.user_id)
    assert [leg.role for leg in ended.legs] == ["originate"]


async def test_a_call_to_a_phone_that_is_not_there_fails_and_says_so(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    boris = Viewer(user_id=await add_agent(database, "boris", extension="1999"), role=Role.AGENT, team_id=None)

    async with hearing(asterisk, database, tmp_path):
        async with database.begin() as tx:
            await place_call(tx, boris, client_id=None, number="+77010000404", country="KZ", dialling=["main"])
        failed = await the_call(database, "+77010000404", state="closed")

    assert (failed.outcome, failed.answered_at) == ("failed", None)
