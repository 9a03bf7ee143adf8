"""The line to the PBX breaks, or only pretends to be there; the PBX itself goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog.testing

from crm_core.actions.agents import set_state
from crm_core.domain.people import AgentState
from crm_core.store.database import Database
from tests.acceptance.pbx import hearing, the_call
from tests.failure.program import gaps_of, log_of
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_agent
from tests.waiting import eventually
from tests.wire import Wire

pytestmark = pytest.mark.lab

_NOTICED_WITHIN_S = 15


@asynccontextmanager
async def _wire_to(asterisk: Asterisk) -> AsyncIterator[Wire]:
    wire = Wire(asterisk.host, asterisk.ami_port)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()


@pytest.mark.parametrize(("breaking", "phones"), [(Wire.break_off, ("1111", "1112")), (Wire.swallow, ("1121", "1122"))])
async def test_a_dead_line_is_noticed_and_said_once_and_what_happened_meanwhile_is_put_right(
    lab: Lab,
    asterisk: Asterisk,
    database: Database,
    tmp_path: Path,
    breaking: Callable[[Wire], None],
    phones: tuple[str, str],
) -> None:
    for extension in phones:
        await add_agent(database, extension, extension=extension, present=False)

    with structlog.testing.capture_logs() as logs:
        async with (
            _wire_to(asterisk) as wire,
            hearing(asterisk, database, tmp_path, host="127.0.0.1", port=wire.port) as room,
            lab.soft_phone(phones[0]) as stays,
            lab.soft_phone(phones[1]) as leaves,
        ):
            goes_on = await lab.call(lab.office.direct_did(phones[0]), caller="87010000721")
            await (await stays.ringing()).answer()
            is_lost = await lab.call(lab.office.direct_did(phones[1]), caller="87010000722")
            await (await leaves.ringing()).answer()
            talking = await the_call(database, "+77010000721", state="active")
            await the_call(database, "+77010000722", state="active")

            breaking(wire)
            await is_lost.hang_up()
            await eventually(_logged(logs, "ami_link_lost"), patience_s=_NOTICED_WITHIN_S)
            await wire.mend()
            await eventually(_logged(logs, "ami_link_up", times=2))

            lost = await the_call(database, "+77010000722", state="closed")
            await goes_on.hang_up()
            ended = await the_call(database, "+77010000721", state="closed")
            assert room.link.state.error is None
    [gap] = await gaps_of(database)

    assert [line["action"] for line in logs].count("ami_link_lost") == 1
    assert (lost.outcome, lost.complete) == ("answered", False)
    assert (ended.id, ended.outcome, ended.ended_by) == (talking.id, "answered", "client")
    # Whether the call that went on was held meanwhile, nobody knows unless the gap was but a moment.
    assert (gap["source"], gap["affected"]) == ("main", sum(not call.complete for call in (lost, ended)))
    assert gap["to_at"] is not None


async def test_an_asterisk_restarted_in_mid_call_leaves_one_closed_call_and_is_heard_again(
    own_asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    extension, at_lunch = "1007", own_asterisk.office.queue("sales").members[0]
    await add_agent(database, "anna", extension=extension, present=False)
    boris = await add_agent(database, "boris", extension=at_lunch.extension)

    async with hearing(own_asterisk, database, tmp_path):
        async with Lab(own_asterisk) as lab, lab.soft_phone(extension) as phone:
            async with database.begin() as tx:
                await set_state(tx, boris, AgentState.PAUSED, "LUNCH")
            await lab.is_paused(at_lunch, "LUNCH")
            await lab.call(lab.office.direct_did(extension), caller="87010000731")
            await (await phone.ringing()).answer()
            before = await the_call(database, "+77010000731", state="active")
            own_asterisk.kill()
        own_asterisk.start()
        async with Lab(own_asterisk) as lab, lab.soft_phone(extension) as phone:
            lost = await the_call(database, "+77010000731", state="closed", limit_s=30)
            call = await lab.call(lab.office.direct_did(extension), caller="87010000732")
            await (await phone.ringing()).answer()
            await the_call(database, "+77010000732", state="active")
            await call.hang_up()
            again = await the_call(database, "+77010000732", state="closed")
            paused = own_asterisk.rx("queue show sales")
    everything = await log_of(database)
    [gap] = await gaps_of(database)

    assert (lost.id, lost.outcome, lost.complete) == (before.id, "answered", False)
    assert (again.outcome, again.complete) == ("answered", True)
    assert [one.id for one in everything] == [lost.id, again.id]
    assert gap["to_at"] is not None
    [line] = [line for line in paused.splitlines() if at_lunch.interface in line]
    assert "paused:LUNCH" in line


async def test_a_killed_asterisk_leaves_no_call_waiting_ringing_or_talking_whether_we_heard_it_die_or_not(
    own_asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    talks, rings = "1007", "1008"
    waits_in = own_asterisk.office.queue("hotline")
    for extension in (talks, rings):
        await add_agent(database, extension, extension=extension, present=False)
    callers = {"active": "+77010000771", "offered": "+77010000772", "queued": "+77010000773"}

    async with hearing(own_asterisk, database, tmp_path):
        async with Lab(own_asterisk) as lab, lab.soft_phone(talks) as phone, lab.soft_phone(rings) as ringing:
            await lab.call(lab.office.direct_did(talks), caller="87010000771")
            await lab.call(lab.office.direct_did(rings), caller="87010000772")
            await lab.call(waits_in.did, caller="87010000773")
            await (await phone.ringing()).answer()
            await ringing.ringing()
            before = [await the_call(database, caller, state=state) for state, caller in callers.items()]
            own_asterisk.kill()
        own_asterisk.start()
        lost = [await the_call(database, caller, state="closed", limit_s=30) for caller in callers.values()]
    async with hearing(own_asterisk, database, tmp_path), Lab(own_asterisk) as lab, lab.soft_phone(talks) as phone:
        call = await lab.call(lab.office.direct_did(talks), caller="87010000774")
        await (await phone.ringing()).answer()
        await the_call(database, "+77010000774", state="active")
        # It waits for this call to end, and so does its command line.
        leaving = asyncio.create_task(asyncio.to_thread(own_asterisk.rx, "core stop gracefully"))
        await call.hang_up()
        ended = await the_call(database, "+77010000774", state="closed", limit_s=30)
        await leaving
    own_asterisk.kill()
    own_asterisk.start()
    # Nobody of ours is there when it dies this time.
    async with Lab(own_asterisk) as lab, lab.soft_phone(talks) as phone:
        async with hearing(own_asterisk, database, tmp_path):
            await lab.call(lab.office.direct_did(talks), caller="87010000775")
            await (await phone.ringing()).answer()
            await the_call(database, "+77010000775", state="active")
        own_asterisk.kill()
    own_asterisk.start()
    async with hearing(own_asterisk, database, tmp_path):
        unseen = await the_call(database, "+77010000775", state="closed", limit_s=30)
    everything = await log_of(database)

    assert [call.id for call in lost] == [call.id for call in before]
    assert [call.complete for call in (*lost, unseen)] == [False] * 4
    assert (lost[0].outcome, unseen.outcome) == ("answered", "answered")
    assert (ended.outcome, ended.complete) == ("answered", True)
    assert len(everything) == 5
    assert all(leg.ended_at is not None for one in everything for leg in one.legs)


def _logged(logs: Sequence[Mapping[str, object]], action: str, *, times: int = 1) -> Callable[[], Awaitable[object]]:
    async def said() -> bool:
        return [line.get("action") for line in logs].count(action) >= times

    return said
