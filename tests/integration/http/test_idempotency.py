"""A request that is sent again happens once."""

from __future__ import annotations

import asyncio

from crm_core.actions import idempotency
from crm_core.domain.people import Role
from tests.integration.http.house import House

KEY = {"Idempotency-Key": "5d7c2d8e"}


async def clients(house: House) -> int:
    async with house.database.read() as reader:
        return await reader.fetchval("SELECT count(*) FROM clients")


async def test_the_same_request_gets_the_same_answer_and_happens_once(house: House) -> None:
    program = await house.program("anna")

    first = await program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)
    again = await program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)

    assert (again.status, again.content) == (first.status, first.content) == (201, first.content)
    assert await clients(house) == 1


async def test_another_request_under_the_same_key_is_refused(house: House) -> None:
    program = await house.program("anna")
    await program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)

    answer = await program.post("/api/v1/clients", {"name": "Болат"}, headers=KEY)

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert await clients(house) == 1


async def test_a_key_is_its_owners_alone(house: House) -> None:
    anna, boris = await house.program("anna"), await house.program("boris")

    first = await anna.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)
    second = await boris.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)

    assert first.body["id"] != second.body["id"]


async def test_a_refusal_is_not_kept_so_a_corrected_request_may_use_the_key(house: House) -> None:
    program = await house.program("anna")

    refused = await program.post("/api/v1/clients", {"name": ""}, headers=KEY)
    mended = await program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)

    assert (refused.status, mended.status) == (422, 201)


async def test_while_the_first_is_at_work_its_twin_is_told_to_come_back(house: House) -> None:
    program = await house.program("anna", Role.ADMIN)
    async with house.database.begin() as tx:
        me = await tx.fetchval("SELECT id FROM users")
        request = idempotency.Request(user_id=me, key=KEY["Idempotency-Key"], digest=b"")
        await idempotency.find_answer(tx, request)  # the first one, not yet committed

        answer = await program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY)

    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "request_in_progress", "1")


async def test_twenty_twins_at_once_make_one_client(house: House) -> None:
    program = await house.program("anna")

    answers = await asyncio.gather(
        *(program.post("/api/v1/clients", {"name": "Айгүл"}, headers=KEY) for _ in range(20))
    )

    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1
    assert await clients(house) == 1


async def test_a_key_that_is_none_is_refused(house: House) -> None:
    program = await house.program("anna")

    for key in ("", "x" * 201, "ключ"):
        answer = await program.post("/api/v1/clients", {"name": "Айгүл"}, headers={"Idempotency-Key": key})

        assert answer.code == "idempotency_key_malformed"
