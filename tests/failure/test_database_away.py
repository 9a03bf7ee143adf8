"""The database goes away while people telephone: the PBX is heard all the time, and everything arrives afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
import structlog.testing

from channels.telephony.ami import LinkStatus
from channels.telephony.room import PbxRoom
from crm_core.store.database import Database
from gateway.app import Process
from tests.acceptance.pbx import pbx_settings
from tests.acceptance.program import serving, settings_for
from tests.failure.program import call_in, log_of, told_twice
from tests.integration.realtime.severed import severable
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_agent
from tests.waiting import eventually
from tests.wire import Wire

pytestmark = pytest.mark.lab

_END_EVERY_CONNECTION = """
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@asynccontextmanager
async def _whole_program(
    asterisk: Asterisk, data_dir: Path, database_url: str, **instead: object
) -> AsyncIterator[Process]:
    settings = settings_for(data_dir, [pbx_settings(asterisk) | instead])
    async with Database(database_url) as database, serving(settings, database) as process:
        yield process


async def test_calls_made_while_the_database_is_away_arrive_whole_and_in_order(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    ends, goes_on, gives_up = "1101", "1102", "1103"
    for extension in (ends, goes_on, gives_up):
        await add_agent(database, extension, extension=extension, present=False)

    with structlog.testing.capture_logs() as logs:
        async with (
            severable(database.url) as (wire, near_url),
            _whole_program(asterisk, tmp_path, near_url) as process,
            lab.soft_phone(ends) as first,
            lab.soft_phone(goes_on) as second,
            lab.soft_phone(gives_up) as third,
        ):
            before = await lab.call(lab.office.direct_did(ends), caller="87010000741")
            await (await first.ringing()).answer()
            await call_in(database, "+77010000741", "active")

            await wire.cut()
            await before.hang_up()
            during = await lab.call(lab.office.direct_did(goes_on), caller="87010000742")
            await (await second.ringing()).answer()
            lost = await lab.call(lab.office.direct_did(gives_up), caller="87010000743")
            await third.ringing()
            await lost.hang_up()
            await wire.mend()

            ended = await call_in(database, "+77010000741", "closed")
            talking = await call_in(database, "+77010000742", "active")
            abandoned = await call_in(database, "+77010000743", "closed")
            await during.hang_up()
            await call_in(database, "+77010000742", "closed")
            [room] = process.rooms
            assert room.link.state.error is None
    async with database.read() as db:
        told = await db.fetch(
            "SELECT type FROM outbox WHERE body ->> 'interaction_id' = $1 ORDER BY seq", str(talking.id)
        )

    assert "ami_link_lost" not in [line["action"] for line in logs]
    assert (ended.outcome, ended.ended_by, ended.complete) == ("answered", "client", True)
    assert (abandoned.outcome, abandoned.complete) == ("short_abandoned", True)
    assert [row["type"] for row in told if row["type"].startswith("call.")] == [
        "call.offered",
        "call.answered",
        "call.ended",
    ]
    assert len(await log_of(database)) == 3


async def test_connections_that_are_ended_again_and_again_lose_and_double_nothing(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    extension = "1111"
    await add_agent(database, extension, extension=extension, present=False)
    storm_is_over = asyncio.Event()

    async def storm() -> None:
        connection = await database.dedicated()
        while not storm_is_over.is_set():
            await connection.execute(_END_EVERY_CONNECTION)
        await connection.close()

    async with _whole_program(asterisk, tmp_path, database.url), lab.soft_phone(extension) as phone:
        raging = asyncio.create_task(storm())
        for number in range(3):
            call = await lab.call(lab.office.direct_did(extension), caller=f"8701000075{number}")
            await (await phone.ringing()).answer()
            await call.answered()
            await call.hang_up()
        storm_is_over.set()
        await raging
        ended = [await call_in(database, f"+7701000075{number}", "closed") for number in range(3)]

    assert [(one.outcome, one.complete) for one in ended] == [("answered", True)] * 3
    assert len(await log_of(database)) == 3
    assert await told_twice(database) == []


async def test_a_link_that_comes_back_before_the_database_waits_for_it(
    lab: Lab, asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    extension = "1121"
    await add_agent(database, extension, extension=extension, present=False)
    ami = Wire(asterisk.host, asterisk.ami_port)
    await ami.mend()

    async with (
        severable(database.url) as (wire, near_url),
        _whole_program(asterisk, tmp_path, near_url, host="127.0.0.1", port=ami.port) as process,
        lab.soft_phone(extension) as phone,
    ):
        [room] = process.rooms
        call = await lab.call(lab.office.direct_did(extension), caller="87010000761")
        await (await phone.ringing()).answer()
        await call_in(database, "+77010000761", "active")

        await wire.cut()
        ami.break_off()
        await eventually(_is_up_since(room, lost_after=room.link.state.since))
        await call.hang_up()
        await wire.mend()
        ended = await call_in(database, "+77010000761", "closed")
    await ami.cut()

    assert (ended.outcome, len(await log_of(database))) == ("answered", 1)


def _is_up_since(room: PbxRoom, *, lost_after: datetime) -> Callable[[], Awaitable[object]]:
    async def up_again() -> bool:
        state = room.link.state
        return state.status is LinkStatus.UP and state.since > lost_after

    return up_again
