"""Last month under a rule, from a real log: what would have moved, to whom, and that nothing was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from crm_core.store.database import Database
from tests.integration.desk import add_interaction
from tests.integration.http.house import Caller, House
from tests.people import add_client

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STRICT = "/api/v1/callback-policies/strict-10m/replay"
ONCE = {"action": "move", "grace_s": 600, "max_moves": 1}
#: Ten in the morning some days ago, in UTC.
MORNING = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) - 3 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Anna and Boris of one team were at their desks that morning; Vera of another came at noon."""

    house: House
    boss: Caller
    anna: UUID
    boris: UUID
    vera: UUID

    @property
    def database(self) -> Database:
        return self.house.database

    async def promised(self, *, due_at: datetime = MORNING, kept_after: timedelta | None = None) -> UUID:
        """Anna's promise of an hour before; kept by a call begun that long after its deadline."""
        client = await add_client(self.database, "Ким Виктор", phone=f"+7701{int(new_id(due_at)) % 10**7:07}")
        async with self.database.begin() as tx:
            promise = new_id(due_at - HOUR)
            kept_in = None
            if kept_after is not None:
                kept_in = await add_interaction(tx, client=client, agent=self.anna, started_at=due_at + kept_after)
            await tx.execute(
                """INSERT INTO callbacks (id, client_id, agent_id, due_at, state, kept_in, closed_at, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                promise,
                client,
                self.anna,
                due_at,
                "kept" if kept_in else "open",
                kept_in,
                due_at + 5 * HOUR if kept_in else None,
                due_at - HOUR,
            )
            await tx.execute(
                """INSERT INTO callback_history (id, callback_id, agent_id, from_at, reason, explanation)
                   VALUES ($1, $2, $3, $4, 'promised', '')""",
                new_id(due_at),
                promise,
                self.anna,
                due_at - HOUR,
            )
        return promise

    async def asks(self, **more: object) -> dict[str, object]:
        span = {"from": (MORNING - DAY).isoformat(), "to": (MORNING + 6 * HOUR).isoformat()}
        answer = await self.boss.post(STRICT, {**span, **more})
        assert answer.status == 200, answer.body
        return dict(answer.body)


@pytest.fixture
async def floor(house: House) -> Floor:
    boss = await house.program("boss", Role.OWNER)
    anna = await house.person("anna", team="Sales")
    boris = await house.person("boris", team="Sales")
    vera = await house.person("vera", team="Hotline")
    async with house.database.begin() as tx:
        await tx.execute("DELETE FROM agent_state_log")
        for person, came in ((anna, MORNING - HOUR), (boris, MORNING - HOUR), (vera, MORNING + 2 * HOUR)):
            await tx.execute(
                """INSERT INTO agent_state_log (user_id, version, state, present, at)
                   VALUES ($1, 1, 'available', true, $2)""",
                person,
                came,
            )
    return Floor(house=house, boss=boss, anna=anna, boris=boris, vera=vera)


async def test_what_nobody_kept_would_have_moved_to_who_was_there(floor: Floor) -> None:
    late = await floor.promised()
    await floor.promised(kept_after=10 * MINUTE)
    await floor.promised(due_at=MORNING - 2 * DAY)  # of another time

    told = await floor.asks(rule=ONCE)

    assert (told["concerned"], told["overdue"], told["moved"], told["nobody"]) == (2, 1, 1, 0)
    [move] = told["moves"]
    assert (
        move.items()
        >= {
            "callback_id": str(late),
            "client_name": "Ким Виктор",
            "late_s": 600,
            "from_name": "Anna",
            "to_name": "Boris",
        }.items()
    )
    assert told["given"] == [{"agent_id": str(floor.boris), "name": "Boris", "count": 1}]
    assert told["taken"] == [{"agent_id": str(floor.anna), "name": "Anna", "count": 1}]
    assert datetime.fromisoformat(told["known_from"]) == MORNING - HOUR
    async with floor.database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM callback_history WHERE reason <> 'promised'") == 0
        assert await db.fetchval("SELECT max(version) FROM callback_policies WHERE name = 'strict-10m'") == 1


async def test_who_was_on_leave_gets_nothing_and_what_finds_nobody_is_counted(floor: Floor) -> None:
    await floor.promised()
    async with floor.database.begin() as tx:
        await tx.execute(
            "INSERT INTO absences (id, user_id, kind, from_at, to_at) VALUES ($1, $2, 'sick', $3, $4)",
            new_id(tx.now),
            floor.boris,
            MORNING - DAY,
            MORNING + DAY,
        )

    told = await floor.asks()
    with_everybody = await floor.asks(strategy="least_loaded", rule=ONCE)

    assert (told["moved"], told["overdue"], told["nobody"]) == (0, 1, 1)
    assert [move["to_agent_id"] for move in told["moves"]] == [None]
    # Nobody at ten, Vera of the other team at noon.
    assert [move["to_name"] for move in with_everybody["moves"]] == [None, "Vera"]


async def test_our_own_absence_of_that_day_is_given_back(floor: Floor) -> None:
    await floor.promised(kept_after=30 * MINUTE)
    async with floor.database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, 'system', $2, $3, 'we were down')",
            new_id(tx.now),
            MORNING + 5 * MINUTE,
            MORNING + 25 * MINUTE,
        )

    assert (await floor.asks())["overdue"] == 0


async def test_a_supervisor_tries_a_rule_on_their_own_teams_promises(floor: Floor) -> None:
    await floor.promised()
    theirs = await floor.house.program("chief", Role.SUPERVISOR, team="Hotline")
    span = {"from": MORNING.isoformat(), "to": (MORNING + HOUR).isoformat()}

    assert (await theirs.post(STRICT, span)).body["concerned"] == 0
    assert (await floor.boss.post(STRICT, span)).body["concerned"] == 1


async def test_a_time_or_a_rule_that_cannot_be_tried_is_refused(floor: Floor) -> None:
    past = MORNING.isoformat()
    tomorrow, week_on = ((datetime.now(UTC) + days * DAY).isoformat() for days in (1, 7))
    for span in ((past, past), (tomorrow, week_on), ("2024-01-01T00:00:00Z", past)):
        refused = await floor.boss.post(STRICT, {"from": span[0], "to": span[1]})
        assert (refused.status, refused.code) == (422, "replay_period_rejected")
    span = {"from": past, "to": tomorrow}
    endless = await floor.boss.post(STRICT, {**span, "rule": {"action": "move", "grace_s": 60}})
    unheard = await floor.boss.post("/api/v1/callback-policies/unheard-of/replay", span)

    assert (endless.status, endless.code) == (422, "policy_never_ends")
    assert unheard.status == 404
