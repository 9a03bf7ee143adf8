"""A house whose promises are late, tails or moved away: what the board, the tails and the hand-overs are told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.actions import callbacks
from crm_core.actions.callbacks import CallbackIn
from crm_core.domain.ids import new_id
from crm_core.domain.rosters import Roster
from crm_core.domain.words import Words
from crm_core.store import rosters
from crm_core.store.database import Database, to_json
from crm_core.views.callbacks import Callback, load_callbacks
from tests.integration.desk import add_team, agent, make_older
from tests.people import add_agent, add_client

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMove:
    """What the watchdog stores of a move; a record of before there were rosters has none."""

    sentence: Words
    record: Mapping[str, object]
    roster: Roster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardHouse:
    """Anna and Boris of the sales team, their supervisor Irina, Zhanar of another team, and a client of nobody's."""

    database: Database
    anna: UUID
    boris: UUID
    irina: UUID
    zhanar: UUID
    sales: UUID
    hotline: UUID
    client: UUID

    async def now(self) -> datetime:
        async with self.database.begin() as tx:
            return tx.now

    async def run(self, sql: str, *values: object) -> None:
        async with self.database.begin() as tx:
            await tx.execute(sql, *values)

    async def promise(self, owner: UUID, *, late: timedelta = -HOUR, client: UUID | None = None) -> UUID:
        """Owed by ``owner``; due so long ago, or in so long when it is negative."""
        async with self.database.begin() as tx:
            given = CallbackIn(client_id=client or self.client, due_at=tx.now + DAY, subject="подборка")
            promise = await callbacks.create(tx, agent(owner), given)
        await make_older(self.database, promise, DAY + late)
        return promise

    async def read(self, promise: UUID) -> Callback:
        async with self.database.read() as db:
            return (await load_callbacks(db, [promise]))[promise]

    async def move(
        self, promise: UUID, to: UUID, *, ago: timedelta = timedelta(), told: ToldMove | None = None
    ) -> UUID:
        """It went to somebody else so long ago; with ``told`` the system moved it. Gives the id of that step."""
        async with self.database.begin() as tx:
            at, step = tx.now - ago, new_id(tx.now)
            await tx.execute(
                "UPDATE callback_history SET from_at = LEAST(from_at, $2), to_at = $2 "
                "WHERE callback_id = $1 AND to_at IS NULL",
                promise,
                at,
            )
            if told is not None and told.roster is not None:
                await rosters.keep(tx, told.roster)
            await tx.execute(
                """INSERT INTO callback_history
                       (id, callback_id, agent_id, from_at, reason, explanation, words, record, roster_id)
                   VALUES ($1, $2, $3, $4, $5, 'It moved.', $6, $7, $8)""",
                step,
                promise,
                to,
                at,
                "late" if told else "moved",
                to_json(told.sentence.as_json()) if told else None,
                to_json(told.record) if told else None,
                told.roster.id if told and told.roster else None,
            )
            await tx.execute("UPDATE callbacks SET agent_id = $2, moves = moves + 1 WHERE id = $1", promise, to)
        return step


async def open_board_house(database: Database) -> BoardHouse:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    zhanar = await add_agent(database, "zhanar", extension="2001")
    return BoardHouse(
        database=database,
        anna=anna,
        boris=boris,
        irina=irina,
        zhanar=zhanar,
        sales=await add_team(database, "sales", anna, boris, irina),
        hotline=await add_team(database, "hotline", zhanar),
        client=await add_client(database, "Сулейменова Айгерим", phone="+77011234567"),
    )
