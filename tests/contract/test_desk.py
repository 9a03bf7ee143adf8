"""Sockets: who is let in, what greets them, how they catch up, and what they are never told."""

from __future__ import annotations

import aiohttp
import pytest
from socketio.exceptions import ConnectionError as Refused

from tests.contract.house import House
from tests.contract.people import Desk, in_hours
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_token_opens_a_desk_and_so_does_a_sessions_cookie(house: House) -> None:
    anna = await house.person("anna")
    by_token = Desk()

    async with house.desk(anna) as desk:
        hello = await desk.hears("hello")
    await by_token.connect(house.program.url, auth={"token": house.owner_token})
    greeted = await by_token.hears("hello")
    await by_token.leave()

    assert {"seq", "user", "version"} <= set(hello)
    assert (hello["user"]["id"], hello["user"]["login"]) == (anna.id, "anna")
    assert greeted["user"]["login"] == "owner"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"auth": {"token": "pz_nonsense"}},
        {"headers": {"Cookie": "perezvon_session=nonsense"}},
    ],
)
async def test_strangers_are_refused(house: House, how: dict[str, object]) -> None:
    with pytest.raises(Refused):
        await Desk().connect(house.program.url, **how)


async def test_a_page_of_another_site_is_refused_even_with_the_right_cookie(house: House) -> None:
    browser = await house.browser("owner")

    with pytest.raises(Refused):
        await Desk().connect(house.program.url, headers={"Cookie": browser.cookie, "Origin": "https://evil.example"})


async def test_only_websockets_are_spoken(house: House) -> None:
    address = f"{house.program.url}/socket.io/?EIO=4&transport=polling"

    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        assert answer.status == 400


async def test_what_was_missed_is_told_again_as_itself_once_and_in_order(house: House) -> None:
    anna = await house.person("anna")
    client = await house.client("Пропустили", owner_id=anna.id)
    async with house.desk(anna) as desk:
        hello = await desk.hears("hello")
    made = [
        (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body["id"]
        for _ in range(3)
    ]

    async with house.desk(anna) as desk:
        ack = await desk.ask("resume", {"after": hello["seq"]})
        await anna.http.post(f"/callbacks/{made[0]}/keep")
        await desk.hears("callback.changed", lambda told: told["callback"]["state"] == "kept")

    told = [payload for name, payload in desk.heard if name == "callback.changed"]
    assert ack["status"] == "resumed"
    assert ack["seq"] >= hello["seq"] + 3
    assert [payload["callback"]["id"] for payload in told] == [*made, made[0]]
    seqs = [payload["seq"] for name, payload in desk.heard if name != "hello"]
    assert seqs == sorted(set(seqs))


async def test_a_snapshots_sequence_is_where_a_desk_goes_on(house: House) -> None:
    anna = await house.person("anna")
    client = await house.client("Снимок", owner_id=anna.id)
    seq = int((await anna.http.get("/callbacks")).headers["X-Perezvon-Seq"])
    made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body

    async with house.desk(anna) as desk:
        assert (await desk.ask("resume", {"after": seq}))["status"] == "resumed"
        await desk.hears("callback.changed", lambda told: told["callback"]["id"] == made["id"])


@pytest.mark.parametrize("ahead", [1_000_000, 2**63, 10**30])
async def test_a_cursor_ahead_of_the_newest_is_answered_with_reload(house: House, ahead: int) -> None:
    anna = await house.person("anna")

    async with house.desk(anna) as desk:
        hello = await desk.hears("hello")
        ack = await desk.ask("resume", {"after": hello["seq"] + ahead})
        await desk.hears("reload")

    assert ack == {"status": "reload"}


@pytest.mark.parametrize("nonsense", [None, {}, {"after": "x"}, {"after": -1}, {"after": 1, "more": 2}, "resume"])
async def test_nonsense_is_answered_with_the_same_problem_object_as_http(house: House, nonsense: object) -> None:
    anna = await house.person("anna")

    async with house.desk(anna) as desk:
        ack = await desk.ask("resume", nonsense)

    assert {"type", "title", "status", "code", "detail"} <= set(ack)
    assert (ack["status"], ack["code"]) == (422, "invalid_input")


async def test_two_tabs_hear_the_same(house: House) -> None:
    anna = await house.person("anna")
    client = await house.client("Две вкладки", owner_id=anna.id)

    async with house.desk(anna) as one, house.desk(anna) as other:
        made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body
        heard = [
            await desk.hears("callback.changed", lambda told: told["callback"]["id"] == made["id"])
            for desk in (one, other)
        ]

    assert heard[0] == heard[1]


async def test_a_moved_promise_is_told_to_both_owners_and_supervisors(house: House) -> None:
    anna, boris, chief = (
        await house.person("anna"),
        await house.person("boris"),
        await house.person("chief", "supervisor"),
    )
    outsider = await house.person("outsider")
    client = await house.client("Переход")
    made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body

    async with (
        house.desk(anna) as from_,
        house.desk(boris) as to,
        house.desk(chief) as above,
        house.desk(outsider) as aside,
    ):
        await anna.http.post(f"/callbacks/{made['id']}/move", {"agent_id": boris.id, "reason": "обед"})
        told = [await desk.hears("callback.moved") for desk in (from_, to, above)]
        own = (await outsider.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body
        await aside.hears("callback.changed", lambda event: event["callback"]["id"] == own["id"])

    assert told[0] == told[1] == told[2]
    assert told[0]["callback"]["id"] == made["id"]
    assert (told[0]["from_agent_id"], told[0]["to_agent_id"], told[0]["explanation"]) == (anna.id, boris.id, "обед")
    assert aside.all("callback.moved") == []


async def test_presence_is_an_open_desk(house: House) -> None:
    guest = await house.person("guest")

    async def state() -> str:
        return str(next(agent["state"] for agent in await house.owner.items("/agents") if agent["id"] == guest.id))

    assert await state() == "offline"
    async with house.desk(guest) as desk:
        await desk.hears("agent.changed", lambda told: told["agent"]["state"] == "available")
        assert await state() == "available"

    async def is_away() -> bool:
        return await state() == "offline"

    await eventually(is_away)
