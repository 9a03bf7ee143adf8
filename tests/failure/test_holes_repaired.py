"""The line to the PBX is cut while people telephone; afterwards the log is what the PBX's own books say it was."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import URL

from channels.telephony.history.columns import CEL_LAYOUTS
from crm_core.domain.ids import new_id
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction
from tests.acceptance.pbx import hearing, the_call
from tests.conftest import fresh_database
from tests.failure.program import log_of
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.lab.sipp_scenarios import Refuses
from tests.lab.truth import CDR_COLUMNS
from tests.people import add_agent, add_client
from tests.waiting import eventually
from tests.wire import Wire

pytestmark = pytest.mark.lab

_REPAIRED_WITHIN_S = 60
_LEFT, _STAYED, _CAME, _PASSED, _GAVE_UP, _BUSY = (f"+7701000074{last}" for last in range(6))


@asynccontextmanager
async def _ears(
    asterisk: Asterisk, postgres: URL, template: str, data_dir: Path, books: Mapping[str, object]
) -> AsyncIterator[tuple[Database, Wire]]:
    """One Perezvon with a log of its own, behind a line that can be cut."""
    wire = Wire(asterisk.host, asterisk.ami_port)
    await wire.mend()
    async with fresh_database(postgres, template) as url, Database(url) as database:
        for extension in ("1007", "1008", "1009", "1011"):
            await add_agent(database, extension, extension=extension)
        async with hearing(asterisk, database, data_dir, host="127.0.0.1", port=wire.port, **books):
            try:
                yield database, wire
            finally:
                await wire.cut()


async def test_calls_that_end_begin_and_pass_in_a_hole_are_told_as_the_pbx_wrote_them_down(
    own_asterisk: Asterisk, postgres: URL, template_database: str, tmp_path: Path
) -> None:
    pbx = own_asterisk
    files = {"queue_log": str(pbx.queue_log), "cdr_url": pbx.linked_cdr_csv.as_uri()}
    async with AsyncExitStack() as stack:
        tables = await stack.enter_async_context(fresh_database(postgres, template_database))
        listeners = {
            name: await stack.enter_async_context(
                _ears(pbx, postgres, template_database, tmp_path / name, {"trunk_prefixes": ["PJSIP/trunk"], **books})
            )
            for name, books in {
                "diary": {**files, "cel_url": pbx.cel_csv.as_uri()},
                "bills": {**files, "cdr_url": pbx.cdr_csv.as_uri()},
                "tables": {**files, "cel_url": tables, "cdr_url": tables},
            }.items()
        }
        lab = await stack.enter_async_context(Lab(pbx))
        promised = [await _promise(database, _PASSED) for database, _ in listeners.values()]

        await _telephone_around_a_hole(lab, list(listeners.values()))
        await _fill_tables(tables, pbx)

        for name, (database, _) in listeners.items():
            await eventually(_is_repaired(database), patience_s=_REPAIRED_WITHIN_S)
            _agrees_with_the_books(lab, await log_of(database), exactly=name != "bills")
            [gap] = await _ledger(database)
            assert gap["repaired"] == gap["affected"] >= 5
            assert "cdr" in gap["sources"]
            assert not {_PASSED, _BUSY} & await _popped(database)  # nobody's phone rings for history
        for (database, _), callback in zip(listeners.values(), promised, strict=True):
            await _is_kept_in_time(database, callback)


async def test_what_passed_while_we_were_away_and_the_pbx_was_restarted_is_written_down_under_its_runs(
    own_asterisk: Asterisk, database: Database, tmp_path: Path
) -> None:
    pbx = own_asterisk
    books = {"cel_url": pbx.cel_csv.as_uri(), "cdr_url": pbx.linked_cdr_csv.as_uri(), "queue_log": str(pbx.queue_log)}
    await add_agent(database, "1007", extension="1007")
    async with hearing(pbx, database, tmp_path, **books):
        await _talk(pbx, _LEFT)
        await the_call(database, _LEFT, state="wrap_up")

    await _talk(pbx, _PASSED)
    pbx.stop()
    pbx.start()
    await _talk(pbx, _CAME)

    async with hearing(pbx, database, tmp_path, **books):
        await eventually(_is_repaired(database), patience_s=_REPAIRED_WITHIN_S)
        log = await log_of(database)
    [gap] = await _ledger(database)

    assert [call.client_address for call in log] == [_LEFT, _PASSED, _CAME]
    assert [(call.outcome, call.complete, call.ended_by) for call in log] == [("answered", True, "client")] * 3
    assert (gap["repaired"], gap["affected"]) == (2, 2)
    before, same, after = await _runs(database)
    assert before == same != after


async def _talk(pbx: Asterisk, caller: str) -> None:
    """A client calls and talks to somebody for a moment."""
    async with Lab(pbx) as lab, lab.soft_phone("1007") as phone:
        call = await lab.call(lab.office.direct_did("1007"), caller=_national(caller))
        talk = await phone.ringing()
        await talk.answer()
        await talk.packets(60)  # longer than the second that names a run
        await call.hang_up()
        await lab.everything_is_over()


async def _runs(database: Database) -> list[str]:
    async with database.read() as db:
        return [row["boot"] for row in await db.fetch("SELECT boot FROM interactions ORDER BY id")]


async def _telephone_around_a_hole(lab: Lab, listeners: list[tuple[Database, Wire]]) -> None:
    async with (
        lab.soft_phone("1007") as first,
        lab.soft_phone("1008") as second,
        lab.soft_phone("1011") as third,
        lab.phone("1009", Refuses(status=486)),
    ):
        leaves = await lab.call(lab.office.direct_did("1007"), caller=_national(_LEFT))
        await (await first.ringing()).answer()
        stays = await lab.call(lab.office.direct_did("1008"), caller=_national(_STAYED))
        await (await second.ringing()).answer()
        gives_up = await lab.call(lab.office.queue("q01").did, caller=_national(_GAVE_UP))
        abandoned = await third.ringing()

        for database, wire in listeners:
            await the_call(database, _STAYED, state="active")
            await the_call(database, _GAVE_UP, state="queued")
            await wire.cut()
        await asyncio.gather(gives_up.hang_up(), leaves.hang_up())
        await abandoned.ended()
        await lab.call(lab.office.direct_did("1009"), caller=_national(_BUSY))
        passes = await lab.call(lab.office.queue("q01").did, caller=_national(_PASSED))
        talk = await third.ringing()
        await talk.answer()
        await talk.packets(50)
        await passes.hang_up()
        comes = await lab.call(lab.office.direct_did("1007"), caller=_national(_CAME))
        await (await first.ringing()).answer()
        await comes.answered()
        for database, wire in listeners:
            await wire.mend()
            await eventually(_hears_again(database), patience_s=30)

        await asyncio.gather(stays.hang_up(), comes.hang_up())
        await lab.everything_is_over()


def _agrees_with_the_books(lab: Lab, log: list[Interaction], *, exactly: bool) -> None:
    """Nobody is doubled or lost; each has the end, the length, the people and the queue that the PBX wrote down."""
    calls = {call.client_address: call for call in log}
    assert (
        sorted(calls)
        == sorted(call.client_address or "" for call in log)
        == [_LEFT, _STAYED, _CAME, _PASSED, _GAVE_UP, _BUSY]
    )
    for caller, call in calls.items():
        bills = lab.cdr(number=_national(caller or ""))
        assert call.complete
        assert {call.external_id} == {bill["linkedid"] for bill in bills}
        assert call.ended_at is not None
        assert abs((call.ended_at - _moment(max(bill["end"] for bill in bills))).total_seconds()) < 1.5
        answered = [bill for bill in bills if bill["disposition"] == "ANSWERED"]
        assert (call.outcome == "answered") is bool(answered)
        if answered and call.queue is None:
            assert call.talk_s == pytest.approx(float(answered[0]["billsec"]), abs=1.5)
        assert call.queues == list(dict.fromkeys(line.queue for line in lab.queue_log(call.external_id)))
    assert calls[_BUSY].outcome == "busy"
    assert calls[_GAVE_UP].outcome in {"abandoned", "short_abandoned"}
    assert calls[_PASSED].agent_name == "1011"
    if exactly:
        assert {calls[caller].ended_by for caller in (_LEFT, _PASSED, _GAVE_UP)} == {"client"}


async def _fill_tables(url: str, pbx: Asterisk) -> None:
    """What Asterisk's own SQL modules would have written, under the usual names."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            """CREATE TABLE cel (id serial, eventtype text, eventtime timestamptz, cid_num text, exten text,
                   context text, channame text, uniqueid text, linkedid text, peer text, extra text);
               CREATE TABLE cdr (calldate timestamp, "end" timestamp, answer timestamp, src text, dst text,
                   channel text, dstchannel text, duration int, billsec int, disposition text, uniqueid text,
                   linkedid text, sequence int, userfield text)"""
        )
        layout = next(layout for layout in CEL_LAYOUTS if len(layout) == 10)
        with pbx.cel_csv.open(newline="") as rows:
            for row in csv.reader(rows):
                cells = dict(zip(layout, row, strict=True))
                at = datetime.fromtimestamp(float(cells.pop("eventtime")), UTC)
                await _insert(connection, "cel", {**cells, "eventtime": at})
        with pbx.linked_cdr_csv.open(newline="") as rows:
            for row in csv.reader(rows):
                bill = dict(zip(CDR_COLUMNS, row, strict=True))
                await _insert(connection, "cdr", _as_table_row(bill))
    finally:
        await connection.close()


def _as_table_row(bill: Mapping[str, str]) -> dict[str, object]:
    names = {"src": "source", "dst": "destination", "dstchannel": "destination_channel", "userfield": "file"}
    names |= {name: name for name in ("channel", "disposition", "uniqueid", "linkedid")}
    numbers = {"duration": "duration_s", "billsec": "billsec", "sequence": "sequence"}
    moments = {"calldate": "start", "answer": "answer", "end": "end"}
    return {
        **{column: bill[name] for column, name in names.items()},
        **{column: int(bill[name]) for column, name in numbers.items()},
        **{column: datetime.fromisoformat(bill[name]) if bill[name] else None for column, name in moments.items()},
    }


async def _insert(connection: asyncpg.Connection, table: str, row: Mapping[str, object]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(f"${position}" for position in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())


async def _promise(database: Database, phone: str) -> UUID:
    """Somebody owes the client of that number a call."""
    client = await add_client(database, "Client", phone=phone)
    async with database.begin() as tx:
        callback = new_id(tx.now)
        await tx.execute(
            "INSERT INTO callbacks (id, client_id, agent_id, due_at) SELECT $1, $2, id, now() FROM users LIMIT 1",
            callback,
            client,
        )
    return callback


async def _is_kept_in_time(database: Database, callback: UUID) -> None:
    async with database.read() as db:
        row = await db.fetchrow(
            """SELECT callback.state, callback.closed_at = call.answered_at AS in_time
               FROM callbacks callback JOIN interactions call ON call.id = callback.kept_in
               WHERE callback.id = $1""",
            callback,
        )
    assert row is not None
    assert (row["state"], row["in_time"]) == ("kept", True)


async def _popped(database: Database) -> set[str]:
    """The numbers of the callers whose card was put on a screen."""
    async with database.read() as db:
        rows = await db.fetch(
            """SELECT call.client_address
               FROM outbox JOIN interactions call ON call.id = (body ->> 'interaction_id')::uuid
               WHERE type IN ('call.offered', 'call.answered', 'call.withdrawn')"""
        )
    return {row["client_address"] for row in rows}


async def _ledger(database: Database) -> list[Mapping[str, object]]:
    async with database.read() as db:
        rows = await db.fetch("SELECT state, affected, repaired, sources, trouble, to_at FROM gaps ORDER BY from_at")
    return [dict(row) for row in rows]


def _is_repaired(database: Database) -> Callable[[], Awaitable[object]]:
    async def repaired() -> bool:
        return [gap["state"] for gap in await _ledger(database)] == ["repaired"]

    return repaired


def _hears_again(database: Database) -> Callable[[], Awaitable[object]]:
    async def hears() -> bool:
        return [gap["to_at"] is not None for gap in await _ledger(database)] == [True]

    return hears


def _national(number: str) -> str:
    """As the trunk sends it: ``87010000740``."""
    return f"8{number.removeprefix('+7')}"


def _moment(written: str) -> datetime:
    """A date of the laboratory's CDR, which is in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)
