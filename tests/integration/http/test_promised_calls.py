"""Calling from a promise that may be somebody else's by now, and clients nobody calls, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions.links import record_link
from crm_core.domain.people import Role
from crm_core.store.database import Database
from crm_core.store.locks import holding
from tests.integration.http.house import Answer, Caller, House, open_house
from tests.people import add_client

PBX = {"name": "main", "host": "127.0.0.1", "username": "crm", "secret": "s3cret", "outbound_context": "from-crm"}


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """Its PBX is heard and may dial clients."""
    async with open_house(database, static=tmp_path, pbx=[PBX]) as running, holding(database, "pbx:main") as lock:
        async with database.begin() as tx:
            await record_link(tx, pbx="main", state="up", since=tx.now, owner=lock.backend)
        yield running


async def promise(by: Caller, client: UUID, **more: object) -> dict:
    due_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await by.post("/api/v1/callbacks", {"client_id": str(client), "due_at": due_at, **more})
    assert answer.status == 201, answer.body
    return answer.body


async def dialled(house: House) -> int:
    async with house.database.read() as db:
        count: int = await db.fetchval("SELECT count(*) FROM pbx_commands WHERE kind = 'originate'")
    return count


async def read(caller: Caller, made: dict) -> dict:
    return (await caller.get(f"/api/v1/callbacks/{made['id']}")).body


async def test_a_call_from_a_promise_claims_it(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)

    placed = await anna.post("/api/v1/calls", {"client_id": str(client), "callback_id": made["id"]})

    assert placed.status == 202
    assert (await read(anna, made))["state"] == "claimed"


async def test_a_call_that_cannot_be_placed_leaves_the_promise_to_others(house: House) -> None:
    anna = await house.program("anna")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)

    refused = await anna.post("/api/v1/calls", {"client_id": str(client), "callback_id": made["id"]})

    assert (refused.status, refused.code) == (409, "no_extension")
    assert (await read(anna, made))["state"] == "open"


async def test_who_has_lost_a_promise_is_told_before_anything_is_dialled(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    boris_id = await house.person("boris", extension="1002")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)
    moved = await anna.post(f"/api/v1/callbacks/{made['id']}/move", {"agent_id": str(boris_id), "reason": "обед"})
    assert moved.status == 200
    call = {"client_id": str(client), "callback_id": made["id"]}

    refused = await anna.post("/api/v1/calls", call)
    before = await dialled(house)
    on_purpose = await anna.post("/api/v1/calls", {**call, "anyway": True})

    assert (refused.status, refused.code) == (409, "callback_moved")
    assert (refused.body["agent_id"], refused.body["agent_name"]) == (str(boris_id), "Boris")
    assert before == 0
    assert (on_purpose.status, await dialled(house)) == (202, 1)


async def test_a_promise_that_a_colleague_is_keeping_is_theirs_for_the_moment(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    boss = await house.program("boss", Role.OWNER, extension="1003")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)
    assert (await boss.post(f"/api/v1/callbacks/{made['id']}/claim", {})).status == 200

    refused = await anna.post("/api/v1/calls", {"client_id": str(client), "callback_id": made["id"]})

    assert (refused.code, refused.body["agent_name"]) == ("callback_moved", "Boss")
    assert (await read(anna, made))["claimed_by"] == (await read(boss, made))["claimed_by"]


async def test_a_closed_promise_and_a_stranger_s_are_no_reason_to_call(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    boris = await house.program("boris", extension="1002")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)
    call = {"client_id": str(client), "callback_id": made["id"]}

    foreign = await boris.post("/api/v1/calls", call)
    await anna.post(f"/api/v1/callbacks/{made['id']}/keep", {})
    kept = await anna.post("/api/v1/calls", call)

    assert (foreign.status, foreign.code) == (404, "not_found")
    assert (kept.status, kept.code) == (409, "callback_closed")
    assert await dialled(house) == 0


async def test_a_blocked_client_is_promised_nothing_and_called_by_no_manager(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    boss = await house.program("boss", Role.OWNER, extension="1003")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    made = await promise(anna, client)
    address = f"/api/v1/clients/{client}"

    by_manager = await anna("PATCH", address, {"blocked": True, "reason": "угрожает"})
    without_reason = await boss("PATCH", address, {"blocked": True})
    blocked = await boss("PATCH", address, {"blocked": True, "reason": "просит не звонить"})

    assert (by_manager.status, without_reason.status) == (403, 422)
    assert (blocked.status, blocked.body["blocked_reason"]) == (200, "просит не звонить")
    cancelled = await read(anna, made)
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "просит не звонить")
    due_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    anew = await anna.post("/api/v1/callbacks", {"client_id": str(client), "due_at": due_at})
    assert (anew.status, anew.code, anew.body["reason"]) == (409, "client_blocked", "просит не звонить")
    for callee in ({"client_id": str(client)}, {"number": "+77011234567"}):
        assert (await anna.post("/api/v1/calls", callee)).code == "client_blocked"
    assert (await boss.post("/api/v1/calls", {"client_id": str(client)})).status == 202


async def test_an_unblocked_client_may_be_promised_and_called_again(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    boss = await house.program("boss", Role.OWNER)
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    address = f"/api/v1/clients/{client}"
    await boss("PATCH", address, {"blocked": True, "reason": "просит не звонить"})

    unblocked = await boss("PATCH", address, {"blocked": False})

    assert (unblocked.body["blocked_at"], unblocked.body["blocked_reason"]) == (None, None)
    assert (await promise(anna, client))["state"] == "open"
    assert (await anna.post("/api/v1/calls", {"client_id": str(client)})).status == 202
    async with house.database.read() as db:
        told = await db.fetch("SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id", client)
    assert [row["action"] for row in told] == ["client.blocked", "client.unblocked"]


async def test_a_merge_neither_blocks_nor_unblocks_anybody_unnoticed(house: House) -> None:
    boss = await house.program("boss", Role.OWNER)
    one = await add_client(house.database, "Айгерим", phone="+77011234567")
    other = await add_client(house.database, "Айгерим С.", phone="+77011234568")
    await boss("PATCH", f"/api/v1/clients/{one}", {"blocked": True, "reason": "просит не звонить"})

    refused = await boss.post(f"/api/v1/clients/{other}/merge", {"other_id": str(one)})

    assert (refused.status, refused.code) == (409, "client_blocked")


async def test_a_promise_to_a_merged_client_is_the_survivor_s_and_to_nobody_is_refused(house: House) -> None:
    boss = await house.program("boss", Role.OWNER)
    one = await add_client(house.database, "Айгерим", phone="+77011234567")
    other = await add_client(house.database, "Айгерим С.", phone="+77011234568")
    assert (await boss.post(f"/api/v1/clients/{one}/merge", {"other_id": str(other)})).status == 200

    made = await promise(boss, other)
    due_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    unknown = await boss.post("/api/v1/callbacks", {"client_id": made["id"], "due_at": due_at})

    assert made["client_id"] == str(one)
    assert (unknown.status, unknown.body["detail"]) == (404, "There is no such client.")


async def test_a_promise_is_made_by_the_client_s_clock_or_asks_which_hour_is_meant(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    client = await add_client(house.database, "Айгерим", phone="+77011234567")
    next_year = datetime.now(UTC).year + 1
    doubled = last_sunday(next_year, 10)

    async def promised(**due_local: object) -> Answer:
        return await anna.post("/api/v1/callbacks", {"client_id": str(client), "due_local": due_local})

    unknown = await promised(time=f"{next_year}-06-01T10:00", zone="client")
    await anna("PATCH", f"/api/v1/clients/{client}", {"timezone": "Europe/Berlin"})
    made = await promised(time=f"{next_year}-06-01T10:00", zone="client")
    asked = await promised(time=f"{doubled}T02:30", zone="client")
    answered = await promised(time=f"{doubled}T02:30", zone="client", second=True)
    past = await promised(time="2020-06-01T10:00")

    assert (unknown.status, unknown.code) == (422, "client_zone_unknown")
    assert datetime.fromisoformat(made.body["due_at"]) == datetime(next_year, 6, 1, 8, tzinfo=UTC)
    assert (asked.status, asked.code) == (422, "local_time_doubled")
    assert (asked.body["first"], asked.body["second"]) == (f"{doubled}T02:30:00+02:00", f"{doubled}T02:30:00+01:00")
    assert datetime.fromisoformat(answered.body["due_at"]) == datetime.fromisoformat(asked.body["second"])
    assert past.code == "due_at_rejected"


def last_sunday(year: int, month: int) -> date:
    """When Europe changes its clocks."""
    end = date(year, month + 1, 1) - timedelta(days=1)
    return end - timedelta(days=(end.weekday() + 1) % 7)
