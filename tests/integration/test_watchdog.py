"""A promise that is not kept: reminded, moved with its reasons, left with an alarm, given back what an outage took."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import callbacks, leads
from crm_core.actions.callbacks import CallbackIn
from crm_core.actions.leads import LeadIn
from crm_core.actions.watchdog import watch_due, watch_waiting
from crm_core.domain.ids import new_id
from crm_core.store.database import Database
from crm_core.store.heartbeat import beat
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.leads import load_story
from crm_core.views.moves import explain_move
from realtime.watchdog import ASIDE, Watchdog
from tests.integration.desk import add_interaction, add_team, agent, make_older, supervisor
from tests.people import add_agent, add_client, events_of
from tests.waiting import eventually

ALMATY = ZoneInfo("Asia/Almaty")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
GRACE = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Anna, Boris and Vera sell; Irina supervises them; the client is Anna's."""

    database: Database
    anna: UUID
    boris: UUID
    vera: UUID
    irina: UUID
    team: UUID
    client: UUID

    async def promise(self, *, late: timedelta, of: UUID | None = None, client: UUID | None = None) -> UUID:
        """Anna's promise whose deadline passed so long ago."""
        async with self.database.begin() as tx:
            given = CallbackIn(client_id=client or self.client, due_at=tx.now + HOUR, subject="quote for Hainan")
            promise = await callbacks.create(tx, agent(of or self.anna), given)
        await make_older(self.database, promise, HOUR + late)
        return promise

    async def watch(self, limit: int = 100) -> int:
        async with self.database.begin() as tx:
            return await watch_due(tx, limit, zone=ALMATY)

    async def watch_again(self) -> int:
        async with self.database.begin() as tx:
            return await watch_waiting(tx, 100, zone=ALMATY)

    async def read(self, callback_id: UUID) -> Callback:
        async with self.database.read() as db:
            return (await load_callbacks(db, [callback_id]))[callback_id]

    async def say(self, person: UUID, state: str, *, since: timedelta = timedelta(), present: bool = True) -> None:
        async with self.database.begin() as tx:
            await tx.execute(
                "UPDATE agent_states SET state = $2, present = $3, since = $4 WHERE user_id = $1",
                person,
                state,
                present,
                tx.now - since,
            )

    async def lose(self, source: str, *, begun: timedelta, ended: timedelta) -> None:
        async with self.database.begin() as tx:
            await tx.execute(
                "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, $2, $3, $4, 'power')",
                new_id(tx.now),
                source,
                tx.now - begun,
                tx.now - ended,
            )

    async def told(self) -> list[str]:
        return [name for name, _ in await events_of(self.database)]


@pytest.fixture
async def house(database: Database) -> House:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    vera = await add_agent(database, "vera", extension="1003")
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    team = await add_team(database, "sales", anna, boris, vera, irina)
    client = await add_client(database, "Сулейменова Айгерим", phone="+77011234567")
    return House(database=database, anna=anna, boris=boris, vera=vera, irina=irina, team=team, client=client)


async def test_the_owner_is_reminded_once_before_the_deadline(house: House) -> None:
    promise = await house.promise(late=-5 * MINUTE)

    assert await house.watch() == 1
    assert await house.watch() == 0

    assert (await house.told()).count("callback.due_soon") == 1
    after = await house.read(promise)
    assert (after.warned_at is not None, after.agent_id, after.moves) == (True, house.anna, 0)


async def test_within_the_grace_nothing_moves(house: House) -> None:
    promise = await house.promise(late=GRACE - timedelta(seconds=5))

    await house.watch()

    assert (await house.read(promise)).agent_id == house.anna


async def test_a_late_promise_moves_and_everything_it_was_decided_by_is_stored(house: House) -> None:
    promise = await house.promise(late=GRACE)
    await house.say(house.vera, "paused", since=HOUR)

    await house.watch()

    moved = await house.read(promise)
    assert (moved.agent_id, moved.moves, moved.state) == (house.boris, 1, "open")
    assert moved.due_at < moved.history[1].from_ == moved.grace_from
    assert moved.escalate_at == moved.history[1].from_ + GRACE  # nobody is late with what was not theirs
    first, second = moved.history
    assert (first.agent_id, first.to, second.reason, second.by) == (house.anna, second.from_, "late", None)
    assert second.words is not None
    assert "Anna → Boris" in second.words.ru
    assert "Anna → Boris" in second.words.en
    async with house.database.read() as db:
        told = await explain_move(db, promise, second.id, agent(house.anna))
    assert told.rule is not None
    assert (told.rule.name, told.rule.version) == ("strict-10m", 1)
    assert {one.name: one.reason for one in told.candidates} == {
        "Boris": "chosen",
        "Anna": "had_it",
        "Vera": "paused",
    }
    [(_, rooms)] = [event for event in await events_of(house.database) if event[0] == "callback.moved"]
    assert {f"agent:{house.anna}", f"agent:{house.boris}", f"team:{house.team}", "floor"} <= set(rooms)


async def test_the_lead_goes_along_with_its_late_promise(house: House) -> None:
    said = {"source": "WEB_FORM", "client_id": house.client, "owner_id": house.anna}
    async with house.database.begin() as tx:
        chief = supervisor(house.irina, house.team)
        lead_id = await leads.create(tx, chief, LeadIn.model_validate(said), country="KZ")
    promise = await house.promise(late=GRACE)

    await house.watch()

    moved = await house.read(promise)
    async with house.database.read() as db:
        lead = await load_story(db, lead_id)
    assert lead.owner_id == moved.agent_id != house.anna
    assert lead.history[-1].reason == "moved"
    assert lead.accepted_at is not None


async def test_it_moves_as_often_as_it_may_and_never_back_and_then_the_supervisor_is_told(house: House) -> None:
    promise = await house.promise(late=GRACE)
    owners = [house.anna]

    for _ in range(4):
        await house.watch()
        owners.append((await house.read(promise)).agent_id or owners[-1])
        await make_older(house.database, promise, GRACE)

    assert len(set(owners)) == 3
    assert owners[2] == owners[3] == owners[4]
    assert (await house.told()).count("callback.stuck") == 1


async def test_while_nobody_can_take_it_it_stays_and_moves_the_moment_somebody_comes(house: House) -> None:
    promise = await house.promise(late=GRACE)
    await house.say(house.boris, "offline", present=False)
    await house.say(house.vera, "offline", present=False)

    await house.watch()
    waiting = await house.read(promise)
    assert (waiting.agent_id, waiting.nobody_since is not None) == (house.anna, True)
    assert waiting.stuck is not None
    assert "некому" in waiting.stuck.ru
    assert await house.watch_again() == 0
    assert (await house.told()).count("callback.stuck") == 1

    await house.say(house.vera, "available")
    assert await house.watch_again() == 1
    moved = await house.read(promise)
    assert (moved.agent_id, moved.nobody_since, moved.stuck) == (house.vera, None, None)


async def test_the_grace_that_an_outage_took_is_given_back(house: House) -> None:
    promise = await house.promise(late=GRACE)
    await house.lose("system", begun=8 * MINUTE, ended=3 * MINUTE)

    await house.watch()

    waiting = await house.read(promise)
    assert (waiting.agent_id, waiting.forgiven_s) == (house.anna, 300)
    assert waiting.escalate_at == waiting.due_at + GRACE + 5 * MINUTE
    assert waiting.late_s is not None  # the client has waited all the same
    assert waiting.late_s >= 600


async def test_what_was_over_before_the_outage_moves_at_once(house: House) -> None:
    promise = await house.promise(late=GRACE + HOUR)
    await house.lose("system", begun=30 * MINUTE, ended=timedelta())

    await house.watch()

    assert (await house.read(promise)).agent_id != house.anna


async def test_while_they_talk_or_the_owner_has_claimed_in_time_nothing_moves(house: House) -> None:
    talking = await house.promise(late=GRACE - MINUTE)
    other = await add_client(house.database, "Ким Виктор", phone="+77017654321")
    claimed = await house.promise(late=GRACE - MINUTE, client=other)
    async with house.database.begin() as tx:
        call = await add_interaction(tx, client=house.client, agent=house.anna, state="active")
        await tx.execute("UPDATE interactions SET answered_at = started_at WHERE id = $1", call)
        await callbacks.claim(tx, claimed, agent(house.anna))
    for promise in (talking, claimed):
        await make_older(house.database, promise, MINUTE)
    async with house.database.begin() as tx:  # claimed a second before its time was over, and still calling
        await tx.execute(
            "UPDATE callbacks SET claimed_at = escalate_at - interval '1 s', claimed_until = $2 WHERE id = $1",
            claimed,
            tx.now + MINUTE,
        )

    await house.watch()

    assert (await house.read(talking)).agent_id == house.anna
    assert (await house.read(claimed)).agent_id == house.anna


async def test_who_claims_again_when_the_time_is_over_keeps_what_is_left_of_the_first_claim_and_no_more(
    house: House,
) -> None:
    promise = await house.promise(late=GRACE - MINUTE)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(house.anna))
    await make_older(house.database, promise, 1.5 * MINUTE)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(house.anna))

    await house.watch()
    held = await house.read(promise)
    await make_older(house.database, promise, 0.75 * MINUTE)
    await house.watch()

    assert (held.agent_id, held.state) == (house.anna, "claimed")
    assert (await house.read(promise)).agent_id != house.anna  # or claims could put it off for ever


async def test_four_watchdogs_move_each_promise_once_and_nobody_gets_more_than_the_hourly_cap(house: House) -> None:
    promises = [await house.promise(late=GRACE) for _ in range(30)]

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(house.watch(limit=8))
    while await house.watch(limit=8):
        pass

    owners = Counter([(await house.read(promise)).agent_id for promise in promises])
    assert owners == {house.boris: 10, house.vera: 10, house.anna: 10}  # ten an hour each; the rest wait
    assert {(await house.read(promise)).moves for promise in promises} == {0, 1}
    async with house.database.read() as db:
        open_turns = await db.fetch("SELECT count(*) FROM callback_history WHERE to_at IS NULL GROUP BY callback_id")
    assert {row["count"] for row in open_turns} == {1}


async def test_the_first_beat_of_all_has_missed_nothing(house: House) -> None:
    first = await beat(house.database)

    assert (first.silent, first.callbacks_at, first.until_next()) == (None, None, None)


async def test_a_silence_is_written_down_before_anything_is_judged(house: House) -> None:
    async with house.database.begin() as tx:
        await tx.execute("UPDATE system_heartbeat SET at = clock_timestamp() - interval '30 minutes'")

    nodes = await asyncio.gather(*(beat(house.database) for _ in range(4)))

    assert sum(node.silent is not None for node in nodes) == 1
    async with house.database.read() as db:
        [gap] = await db.fetch("SELECT from_at, to_at FROM gaps WHERE source = 'system'")
    assert timedelta(minutes=30) <= gap["to_at"] - gap["from_at"] < timedelta(minutes=31)
    assert (await beat(house.database)).silent is None


async def test_a_promise_that_cannot_be_judged_holds_up_nobody(house: House) -> None:
    bad, good = await house.promise(late=GRACE), await house.promise(late=GRACE)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE callbacks SET told = '{nonsense}' WHERE id = $1", bad)

    await house.watch()

    assert (await house.read(good)).agent_id != house.anna
    assert (await house.read(bad)).agent_id == house.anna


async def test_what_postgresql_will_not_store_stands_aside_and_the_others_of_its_batch_move(house: House) -> None:
    promises = [await house.promise(late=GRACE + number * MINUTE) for number in range(5)]
    bad, *good = promises[2], *promises[:2], *promises[3:]
    await _forbid_to_move(house.database, bad)

    async with _watching(house.database):
        await eventually(lambda: _have_left(house, good))
        await eventually(lambda: _is_aside(house.database, bad))

    assert (await house.read(bad)).agent_id == house.anna


async def _have_left(house: House, promises: list[UUID]) -> bool:
    return all([(await house.read(one)).agent_id != house.anna for one in promises])


async def _is_aside(database: Database, promise: UUID) -> bool:
    async with database.read() as db:
        until: timedelta = await db.fetchval("SELECT next_at - clock_timestamp() FROM callbacks WHERE id = $1", promise)
    return until > ASIDE / 2


async def _forbid_to_move(database: Database, promise: UUID) -> None:
    async with database.begin() as tx:
        await tx.execute(
            f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.callback_id = '{promise}' THEN RAISE 'the page of this row is torn'; END IF;
                RETURN NEW;
            END $$
            """
        )
        await tx.execute("CREATE TRIGGER torn BEFORE INSERT ON callback_history FOR EACH ROW EXECUTE FUNCTION refuse()")


@asynccontextmanager
async def _watching(database: Database) -> AsyncIterator[None]:
    running = asyncio.create_task(Watchdog(database, zone=ALMATY).run())
    try:
        yield
        assert not running.done(), "it has given up"
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_tail_is_unlocked_for_the_supervisor(house: House) -> None:
    async with house.database.begin() as tx:
        soft = CallbackIn(client_id=house.client, due_at=tx.now + HOUR, policy="soft-72h")
        promise = await callbacks.create(tx, agent(house.anna), soft)
    await make_older(house.database, promise, 73 * HOUR + MINUTE)

    await house.watch()

    tail = await house.read(promise)
    assert (tail.agent_id, tail.unlocked_at is not None) == (house.anna, True)
