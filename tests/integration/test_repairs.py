"""A hole in our hearing, and what the PBX's own books make of it in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from channels.telephony.history import books
from config.sections import PbxSettings
from crm_core.actions.calls import record_calls, record_lost_calls
from crm_core.actions.interactions import set_disposition
from crm_core.actions.links import close_gap, open_gap
from crm_core.actions.repairs import Repaired, Told, find_due_gap, record_history, what_is_wanted
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.gaps import GapState
from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, InteractionFilters, list_interactions
from tests.builders import NOON, abandoned, after, answered, call, ended
from tests.people import add_agent, add_client, events_of

_OWNER = Viewer(user_id=UUID(int=1), role=Role.OWNER, team_id=None)
_BOOT = call().boot
_CUT = after(10)


async def _hear(database: Database, *heard: CallSnapshot) -> None:
    for one in heard:
        async with database.begin() as tx:
            await record_calls(tx, [one], country="KZ")


async def _hole(database: Database, *, from_at: datetime = _CUT) -> None:
    """We heard nothing between the two, and what lived before it is given up as lost."""
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, 'main', $2, $3, 'the link was lost')",
            new_id(from_at),
            from_at,
            after(100),
        )
        await record_lost_calls(tx, pbx="main", boot=_BOOT, alive=[], last_heard=from_at)


async def _repair(
    database: Database, calls: Sequence[CallSnapshot], *, trouble: str | None = None, is_kept: bool = True
) -> Repaired:
    async with database.begin() as tx:
        await tx.execute("UPDATE gaps SET attempts = 0")  # as if the pause were over
        gap = await find_due_gap(tx, "main")
        assert gap is not None
        told = Told(calls=calls, sources=("cel",), trouble=trouble, is_kept=is_kept)
        return await record_history(tx, gap, told, country="KZ", timezone=UTC)


async def _log(database: Database) -> list[Interaction]:
    async with database.read() as db:
        return list(reversed((await list_interactions(db, _OWNER, InteractionFilters())).items))


async def test_a_call_cut_off_in_its_middle_gets_its_true_end(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), answered())
    await _hole(database)
    [cut] = await _log(database)

    done = await _repair(database, [ended()])

    [mended] = await _log(database)
    assert (cut.complete, cut.talk_s, cut.ended_by) == (False, 5.0, None)
    assert (mended.id, mended.complete, mended.agent_id) == (cut.id, True, anna)
    assert (mended.ended_at, mended.talk_s, mended.ended_by, mended.hangup_cause) == (after(65), 60.0, "client", 16)
    assert [(leg.ended_at, leg.result) for leg in mended.legs] == [(after(65), "answered")]
    assert (mended.state, mended.version) == ("closed", cut.version + 1)
    assert (done.state, done.repaired, done.affected) == (GapState.REPAIRED, 1, 1)


async def test_a_call_nobody_heard_is_written_down_once_under_its_own_time_and_rings_nobody(
    database: Database,
) -> None:
    await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Aigerim", phone="+77011234567")
    await _hole(database, from_at=NOON)

    first = await _repair(database, [ended(started_at=after(2))])
    again = await _repair(database, [ended(started_at=after(2))]) if first.state != GapState.REPAIRED else first

    [told] = await _log(database)
    assert (told.started_at, told.client_id, told.contact_number) == (after(2), aigerim, 1)
    assert (told.state, told.outcome, told.wrap_up_s) == ("closed", "answered", 0.0)
    assert told.id.int >> 80 == int(after(2).timestamp() * 1000)
    assert (again.repaired, again.affected) == (1, 1)
    assert [kind for kind, _ in await events_of(database) if kind.startswith("call.")] == ["call.ended"]


async def test_history_told_twice_and_beside_what_was_heard_doubles_nothing(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), ended(started_at=NOON))
    await _hole(database)
    inside = ended(linkedid="1790000020.2", started_at=after(20))

    await _repair(database, [ended(), inside], trouble="the table cel cannot be read")
    before = await _log(database)
    await _repair(database, [ended(), inside])

    assert [one.external_id for one in before] == ["1790000000.1", "1790000020.2"]
    assert await _log(database) == before


async def test_what_a_person_did_meanwhile_stays(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), answered())
    await _hole(database)
    [cut] = await _log(database)
    async with database.begin() as tx:
        me = Viewer(user_id=anna, role=Role.AGENT, team_id=None)
        await set_disposition(tx, cut.id, me, code="SPAM", note="said goodbye", callback=None)
    client = await add_client(database, "Found later", phone="+77019999999")
    async with database.begin() as tx:
        await tx.execute("UPDATE interactions SET client_id = $2 WHERE id = $1", cut.id, client)

    await _repair(database, [ended()])

    [mended] = await _log(database)
    assert mended.disposition is not None
    assert (mended.disposition.code, mended.disposition.note) == ("SPAM", "said goodbye")
    assert (mended.client_id, mended.talk_s, mended.complete) == (client, 60.0, True)


async def test_who_gave_up_in_the_hole_did_not_fail(database: Database) -> None:
    await _hear(database, call())
    await _hole(database)
    [cut] = await _log(database)

    await _repair(database, [abandoned(20)])

    [mended] = await _log(database)
    assert (cut.outcome, mended.outcome, mended.wait_s) == ("failed", "abandoned", 20.0)
    told = [kind for kind, _ in await events_of(database) if kind.startswith(("call.", "interaction."))]
    assert told[-2:] == ["call.ended", "interaction.changed"]  # the guess, and the truth


async def test_a_leg_known_by_its_channel_alone_is_the_same_leg(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), answered())
    await _hole(database)
    billed = ended()
    billed = replace(billed, legs=tuple(replace(leg, uniqueid="of a bill") for leg in billed.legs))

    await _repair(database, [billed])

    [mended] = await _log(database)
    assert [(leg.interface, leg.ended_at) for leg in mended.legs] == [("PJSIP/1001", after(65))]


async def test_a_call_known_under_another_run_is_not_inserted_again(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), answered())
    await _hole(database)

    await _repair(database, [replace(ended(), boot="2026-11-21T12:00:50")])

    [mended] = await _log(database)
    assert mended.complete


async def test_a_call_that_goes_on_is_mended_at_its_end(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), replace(answered(), complete=False))
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, 'main', $2, $3, 'lost')",
            new_id(after(10)),
            after(10),
            after(20),
        )
    during = await _repair(database, [])
    await _hear(database, replace(ended(), complete=False))
    async with database.read() as db:
        gap = await find_due_gap(db, "main")
        assert gap is None  # not yet: the pause grows

    later = await _repair(database, [ended()])

    assert (during.state, during.repaired, during.affected) == (GapState.REPAIRING, 0, 1)
    assert (later.state, later.repaired, later.affected) == (GapState.REPAIRED, 1, 1)
    [mended] = await _log(database)
    assert mended.complete


async def test_what_no_book_tells_stays_incomplete_and_the_ledger_says_so(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hear(database, call(), answered())
    await _hole(database)

    unkept = await _repair(database, [], is_kept=False)
    unread = await _repair(database, [], trouble="Master.csv cannot be read")

    assert (unkept.state, unkept.affected, unkept.repaired) == (GapState.UNREPAIRED, 1, 0)
    assert unread.state == GapState.UNREPAIRED
    [cut] = await _log(database)
    assert not cut.complete


async def test_a_hole_that_opens_again_is_looked_up_again(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await _hole(database)
    first = ended(linkedid="1790000020.1", started_at=after(20))
    await _repair(database, [first])

    async with database.begin() as tx:
        await open_gap(tx, source="main", from_at=after(105), cause="the link was lost")
        await close_gap(tx, source="main", to_at=after(200), affected=0)
    done = await _repair(database, [first, abandoned(150, linkedid="1790000120.1", started_at=after(120))])

    assert (done.state, done.repaired, done.affected) == (GapState.REPAIRED, 2, 2)
    assert [call.external_id for call in await _log(database)] == ["1790000020.1", "1790000120.1"]


async def test_the_stretch_reaches_back_to_the_beginning_of_every_call_of_the_hole(database: Database) -> None:
    await _hear(database, call(started_at=after(-600)), call(linkedid="1790000000.9", started_at=after(-7200)))
    await _hear(database, replace(abandoned(-3000, linkedid="1790000000.9"), started_at=after(-7200)))
    await _hole(database)

    async with database.read() as db:
        gap = await find_due_gap(db, "main")
        assert gap is not None
        wanted = await what_is_wanted(db, gap)

    assert wanted.since == after(-601)
    assert wanted.until == after(101)
    assert wanted.run_before == _BOOT


@asynccontextmanager
async def _table(url: str, statement: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
        yield connection
    finally:
        await connection.close()


async def test_a_table_is_read_by_its_columns_names_whatever_the_zone_of_its_dates(database_url: str) -> None:
    statement = """CREATE TABLE cdr (calldate timestamp, clid text, src text, dst text, channel text, dstchannel text,
                       duration int, billsec int, disposition text, uniqueid text, linkedid text, recordingfile text)"""
    at = int(NOON.timestamp())
    async with _table(database_url, statement) as connection:
        almaty = NOON.replace(tzinfo=None) + timedelta(hours=5)
        for minutes in range(-300, 300):
            born = f"{at + 60 * minutes}.7"
            row = ("", "+7701", "1001", "PJSIP/trunk-1", "PJSIP/1001-2", 30, 20, "ANSWERED", born, born, "in.wav")
            await connection.execute(
                "INSERT INTO cdr VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                almaty + timedelta(minutes=minutes),
                *row,
            )

        found = await books.look_up(_pbx(cdr_url=database_url), since=at, until=at + 60)

    [row] = found.history.cdr
    assert (row.start, row.answer, row.end, row.file) == (at, at + 10, at + 30, "in.wav")


async def test_a_table_that_is_not_there_or_not_one_is_said_in_words(database_url: str) -> None:
    async with _table(
        database_url, "CREATE TABLE cel (eventtime timestamptz, uniqueid text); CREATE TABLE cdr (x int)"
    ):
        found = await books.look_up(_pbx(cdr_url=database_url, cel_url=database_url), since=0, until=1)

    assert found.sources == ("cel",)  # it is a table, and holds nothing
    assert found.failures == ("the table cdr has no column start or calldate, or no uniqueid",)


def _pbx(**where: str) -> PbxSettings:
    return PbxSettings.model_validate({"name": "main", "host": "pbx", "username": "crm", "secret": "x", **where})
