"""A floor whose callers are missed: its queues, its people, and calls told as a PBX tells them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions.calls import record_calls
from crm_core.domain.calls import CallSnapshot, LegResult
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback, CallbackFilters, list_callbacks
from tests.builders import abandoned, ended, leg
from tests.builders import after as later
from tests.integration.desk import add_team, owner
from tests.people import add_agent, add_client

AIGERIM, STRANGER = "+77011234567", "+77019999999"
MINUTE = timedelta(minutes=1)
ALMATY = ZoneInfo("Asia/Almaty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Anna and Boris serve the queue of their supervisor's team; Zhanar serves another; Aigerim is Anna's client."""

    database: Database
    anna: UUID
    boris: UUID
    zhanar: UUID
    team: UUID
    aigerim: UUID

    async def now(self) -> datetime:
        async with self.database.begin() as tx:
            return tx.now

    async def hear(self, *heard: CallSnapshot) -> None:
        async with self.database.begin() as tx:
            await record_calls(tx, heard, country="KZ", timezone=ALMATY)

    async def promises(self, **filters: object) -> list[Callback]:
        async with self.database.read() as db:
            given = CallbackFilters.model_validate(filters)
            return (await list_callbacks(db, owner(self.anna), given)).items

    async def the_promise(self) -> Callback:
        [promise] = await self.promises()
        return promise

    async def run(self, sql: str, *values: object) -> None:
        async with self.database.begin() as tx:
            await tx.execute(sql, *values)

    async def gives_up(self, number: str | None = AIGERIM, *, ago: timedelta = MINUTE, **what: Any) -> CallSnapshot:
        """The caller leaves after 20 s; the call began so long ago."""
        heard = missed(await self.now() - ago, number, **what)
        await self.hear(heard)
        return heard

    async def talks(self, number: str = AIGERIM, *, ago: timedelta = timedelta(seconds=30), **what: Any) -> None:
        await self.hear(talked(await self.now() - ago, number, **what))


def moved(heard: CallSnapshot, to: datetime, **what: Any) -> CallSnapshot:
    """The same story, begun at another moment, under an id of its own."""
    by = to - heard.started_at
    linkedid = what.pop("linkedid", f"{to.timestamp():.6f}")

    def shift(at: datetime | None) -> datetime | None:
        return at + by if at else None

    legs = tuple(
        replace(
            one,
            uniqueid=f"{linkedid}{one.uniqueid}",
            offered_at=one.offered_at + by,
            answered_at=shift(one.answered_at),
            ended_at=shift(one.ended_at),
        )
        for one in heard.legs
    )
    times = {"started_at": to, "answered_at": shift(heard.answered_at), "ended_at": shift(heard.ended_at)}
    return replace(heard, linkedid=linkedid, keys=(linkedid,), legs=legs, **times | what)


def missed(
    at: datetime, number: str | None = AIGERIM, *, after: float = 20, phone: str = "1001", **what: Any
) -> CallSnapshot:
    gone = leg(phone, ended_at=later(after), result=LegResult.CANCELLED)
    return moved(abandoned(after, client_number=number, legs=(gone,)), at, **what)


def talked(at: datetime, number: str = AIGERIM, **what: Any) -> CallSnapshot:
    return moved(ended(client_number=number), at, **what)


def answered_after_all(heard: CallSnapshot) -> CallSnapshot:
    """As another log of the PBX tells it later."""
    talk = timedelta(seconds=15)
    return replace(heard, answered_at=heard.started_at + timedelta(seconds=5), talk=talk, answered_queue="sales")


async def open_floor(database: Database) -> Floor:
    """The floor with its queues and people, before anybody calls."""
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    zhanar = await add_agent(database, "zhanar", extension="2001")
    team = await add_team(database, "first", anna, boris)
    other = await add_team(database, "second", zhanar)
    aigerim = await add_client(database, "Сулейменова Айгерим", phone=AIGERIM, owner=anna)
    house = Floor(database=database, anna=anna, boris=boris, zhanar=zhanar, team=team, aigerim=aigerim)
    for name, title, ours, members in (("sales", "Продажи", team, (anna, boris)), ("visa", "Визы", other, (zhanar,))):
        await house.run(
            """INSERT INTO queues (name, titles, team_id)
               VALUES ($1, jsonb_build_object('ru', $2::text, 'en', initcap($1)), $3)""",
            name,
            title,
            ours,
        )
        for member in members:
            await house.run("INSERT INTO queue_members (queue, user_id) VALUES ($1, $2)", name, member)
    return house
