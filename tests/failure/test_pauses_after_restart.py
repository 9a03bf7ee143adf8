"""What the queues were told before a restart is mended after it; what somebody else told them is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.actions.agents import set_state
from crm_core.actions.interactions import set_disposition
from crm_core.domain.people import AgentState
from crm_core.store.database import Database
from tests.acceptance.pbx import EVERYBODY, hearing, the_call
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_agent

pytestmark = pytest.mark.lab


async def test_after_a_restart_our_pauses_are_mended_and_others_are_left_alone(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    talks, lunches, free, foreign = lab.office.queue("sales").members
    people = [await add_agent(database, one.name, extension=one.extension) for one in lab.office.queue("sales").members]

    async with hearing(asterisk, database, tmp_path), lab.soft_phone(talks.extension) as phone:
        call = await lab.call(lab.office.direct_did(talks.extension), caller="87010000642")
        await (await phone.ringing()).answer()
        await lab.is_paused(talks, "WRAP_UP")
        await call.hang_up()
        wrapping_up = await the_call(database, "+77010000642", state="wrap_up")
    async with database.begin() as tx:
        await set_disposition(tx, wrapping_up.id, EVERYBODY, code="SALE", note=None, callback=None)
        await set_state(tx, people[1], AgentState.PAUSED, "LUNCH")
    await lab.pause(free, "LUNCH")
    await lab.pause(foreign, "the PBX's administrator")
    async with hearing(asterisk, database, tmp_path):
        await lab.is_paused(talks, None)
        await lab.is_paused(lunches, "LUNCH")
        await lab.is_paused(free, None)
        left_alone = lab.pause_of(foreign)

    assert left_alone == "the PBX's administrator"
