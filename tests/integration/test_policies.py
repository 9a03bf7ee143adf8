"""Rules for late promises on a real database: each version stays, and tells what it told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from crm_core.domain.ids import new_id
from crm_core.domain.policies import Action, Policy, Surroundings, check_policy
from crm_core.store import policies
from crm_core.store.database import Database
from tests.integration.desk import add_team
from tests.people import add_agent, add_client

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

VIP = Policy(
    name="vip",
    version=1,
    action=Action.MOVE,
    grace=2.5 * MINUTE,
    warn_before=5 * MINUTE,
    takeover_after=HOUR,
    max_moves=3,
    cooldown=24 * HOUR,
    working_time=True,
    team="sales",
    service_class="A",
    lead_state="offer",
    attempts=3,
    retry_after=30 * MINUTE,
)


async def test_the_shipped_rules_are_the_ones_that_are_told_and_each_may_be(database: Database) -> None:
    async with database.read() as db:
        shipped = {policy.name: policy for policy in await policies.newest(db)}

    strict, soft = shipped["strict-10m"], shipped["soft-72h"]
    assert (strict.action, strict.grace, strict.max_moves, strict.attempts) == (Action.MOVE, 10 * MINUTE, 2, None)
    assert (soft.action, soft.unlocks_after, soft.enabled) == (Action.UNLOCK, 72 * HOUR, True)
    for policy in shipped.values():
        check_policy(policy)


async def test_a_rule_is_read_as_it_was_written_and_its_older_versions_stay(database: Database) -> None:
    async with database.begin() as tx:
        first = await policies.save(tx, VIP)
        second = await policies.save(tx, replace(VIP, attempts=None, enabled=False))

    async with database.read() as db:
        vip = next(policy for policy in await policies.newest(db) if policy.name == "vip")
        found = await policies.of_versions(db, [("vip", first), ("strict-10m", 1), ("vip", 77)])
    assert (first, second) == (1, 2)
    assert vip == replace(VIP, version=2, attempts=None, enabled=False)
    assert found["vip", 1] == VIP
    assert found.keys() == {("vip", 1), ("strict-10m", 1)}


async def test_two_who_save_at_once_get_two_versions(database: Database) -> None:
    async def save() -> int:
        async with database.begin() as tx:
            return await policies.save(tx, VIP)

    given = await asyncio.gather(*(save() for _ in range(8)))

    assert sorted(given) == list(range(1, 9))


async def test_whom_a_promise_concerns_is_read_from_its_people_its_queue_and_its_lead(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    sales = await add_team(database, "sales", anna)
    client = await add_client(database, "Ким Виктор", phone="+77017654321")
    async with database.begin() as tx:
        await tx.execute("UPDATE clients SET service_class = 'A' WHERE id = $1", client)
        await tx.execute("INSERT INTO queues (name, titles, team_id) VALUES ('tours', '{}', $1)", sales)
        lead = new_id(tx.now)
        await tx.execute(
            "INSERT INTO leads (id, client_id, source, stage) VALUES ($1, $2, 'site', 'offer')", lead, client
        )

    async with database.read() as db:
        assert await policies.surroundings(db, client, anna, lead_id=lead) == Surroundings(
            team="sales", service_class="A", lead_state="offer"
        )
        assert await policies.surroundings(db, client, anna) == Surroundings(
            team="sales", service_class="A", lead_state="offer"
        )
        assert await policies.surroundings(db, None, None, queue="tours") == Surroundings(team="sales")
        assert await policies.surroundings(db, client, anna, lead_id=uuid4()) == Surroundings(
            team="sales", service_class="A"
        )
