"""A supervisor sees the groups of our bots, finds a trip by words, and binds one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions import families
from crm_core.domain.people import Role
from crm_core.store import telegram_groups
from crm_core.store.database import Database
from tests.integration.http.house import House, open_house
from tests.integration.http.test_conversations import BOT
from tests.people import add_client

GROUP = -4001


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, static=tmp_path, telegram=[BOT]) as house:
        yield house


async def add_trip(house: House, client: UUID, title: str, destination: str, *, in_days: int) -> UUID:
    begins = datetime.now(UTC).date() + timedelta(days=in_days)
    async with house.database.begin() as tx:
        return await families.add_trip(
            tx,
            client,
            title=title,
            destination=destination,
            hotel=None,
            starts_on=begins,
            ends_on=begins + timedelta(days=7),
        )


async def test_a_trip_is_found_by_any_of_its_words_and_its_group_is_bound_and_unbound(house: House) -> None:
    zhanar = await house.browser("zhanar", Role.ADMIN)
    client = await add_client(house.database, "Королёва Анна", phone="+77011234567")
    hainan = await add_trip(house, client, "Новый год", "Хайнань", in_days=9)
    await add_trip(house, client, "Отпуск", "Анталья", in_days=3)
    await add_trip(house, client, "Прошлый Хайнань", "Хайнань", in_days=-60)
    async with house.database.begin() as tx:
        await telegram_groups.be_in(tx, BOT["name"], GROUP, title="Наш Хайнань", is_in=True)

    found = await zhanar.get("/api/v1/trips?q=хайнань королева")
    everything = await zhanar.get("/api/v1/trips")
    bound = await zhanar("PUT", f"/api/v1/telegram/groups/{GROUP}", {"trip_id": str(hainan)})
    seen = await zhanar.get("/api/v1/telegram/groups")
    unbound = await zhanar("PUT", f"/api/v1/telegram/groups/{GROUP}", {"trip_id": None})
    left = await zhanar.get("/api/v1/telegram/groups")

    assert [(one["id"], one["client_name"]) for one in found.body["items"]] == [(str(hainan), "Королёва Анна")]
    assert [one["title"] for one in everything.body["items"]] == ["Отпуск", "Новый год"]
    assert (bound.status, unbound.status) == (204, 204)
    assert [(one["title"], one["trip_title"]) for one in seen.body["items"]] == [("Наш Хайнань", "Новый год")]
    assert seen.body["bots"] == [{"name": BOT["name"], "address": None}]
    assert [one["trip_id"] for one in left.body["items"]] == [None]


async def test_a_code_is_made_for_a_trip_that_there_is_and_by_nobody_but_a_supervisor(house: House) -> None:
    zhanar = await house.browser("zhanar", Role.ADMIN)
    irina = await house.browser("irina", Role.AGENT)
    client = await add_client(house.database, "Королёва Анна", phone="+77011234567")
    trip = await add_trip(house, client, "Новый год", "Хайнань", in_days=9)

    made = await zhanar.post("/api/v1/telegram/trip-codes", {"trip_id": str(trip)})
    unknown = await zhanar.post("/api/v1/telegram/trip-codes", {"trip_id": str(client)})
    refused = await irina.post("/api/v1/telegram/trip-codes", {"trip_id": str(trip)})

    assert made.status == 201
    assert len(made.body["code"]) == 8
    assert (unknown.status, unknown.code) == (422, "trip_unknown")
    assert refused.status == 403
