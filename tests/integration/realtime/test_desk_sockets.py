"""What a browser hears over the desk's socket, and what it does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import socketio
from aiohttp import ClientSession

from crm_core.actions import sessions
from crm_core.domain.events import STAFF, AgentChanged, agent_room
from crm_core.store import outbox
from crm_core.store.database import Database
from tests.integration.realtime.conftest import Person
from tests.integration.realtime.nodes import COOKIE, PUBLIC_URL, Browser, Node, node, say
from tests.waiting import PATIENCE_S


async def newest(database: Database) -> int:
    async with database.read() as reader:
        return await outbox.last_seq(reader)


async def test_a_browser_is_greeted_first_then_hears_its_own_events_in_order(
    here: Node, database: Database, anna: Person, boss: Person
) -> None:
    async with here.browser(anna.token) as browser:
        hello = await browser.next()
        await say(here.database, boss.id)
        await say(here.database, anna.id, times=3)

        seqs = await browser.until(hello["seq"] + 4)

    assert browser.heard[0][0] == "hello"
    assert hello["user"]["login"] == "anna"
    assert hello["version"] == "1.2.3"
    assert seqs == [hello["seq"] + n for n in (2, 3, 4)], "the boss's own change is not for anna"
    assert browser.told[0]["agent"]["id"] == str(anna.id)
    assert browser.told[0]["version"] == browser.told[0]["agent"]["version"]
    assert browser.told[0]["at"].endswith("Z")


async def test_two_tabs_both_hear_everything(here: Node, anna: Person) -> None:
    async with here.browser(anna.token) as first, here.browser(anna.token) as second:
        hello = await second.next("hello")
        await say(here.database, anna.id, times=5)

        heard = [await tab.until(hello["seq"] + 5) for tab in (first, second)]

    assert heard[0][-5:] == heard[1] == [hello["seq"] + n for n in range(1, 6)]


async def test_an_event_of_several_of_my_rooms_comes_once(here: Node, boss: Person) -> None:
    async with here.browser(boss.token) as browser:
        hello = await browser.next("hello")
        await say(here.database, boss.id, rooms=(STAFF, agent_room(boss.id), "floor"))
        await say(here.database, boss.id)

        assert await browser.until(hello["seq"] + 2) == [hello["seq"] + 1, hello["seq"] + 2]


async def test_an_event_whose_thing_is_gone_is_left_out(here: Node, boss: Person) -> None:
    async with here.browser(boss.token) as browser:
        hello = await browser.next("hello")
        async with here.database.begin() as tx:
            tx.emit(AgentChanged(rooms=(STAFF,), agent_id=uuid4(), version=1))
        await say(here.database, boss.id)

        assert await browser.until(hello["seq"] + 2) == [hello["seq"] + 2]


async def test_an_event_that_cannot_be_read_stops_no_other(here: Node, boss: Person) -> None:
    async with here.browser(boss.token) as browser:
        hello = await browser.next("hello")
        async with here.database.begin() as tx:
            await tx.execute("INSERT INTO outbox (type, rooms, body) VALUES ('agent.changed', '{staff}', '{}')")
            await tx.execute("INSERT INTO outbox (type, rooms, body) VALUES ('nobody.knows', '{staff}', '{}')")
            tx.wake("outbox")
        await say(here.database, boss.id)

        assert await browser.until(hello["seq"] + 3) == [hello["seq"] + 3]


async def test_a_browser_comes_in_with_its_session_cookie(here: Node, database: Database, anna: Person) -> None:
    cookie = await _session(database, anna)

    browser = Browser()
    await browser.connect(here, None, headers={"Cookie": f"{COOKIE}={cookie}", "Origin": PUBLIC_URL})

    assert (await browser.next("hello"))["user"]["login"] == "anna"
    await browser.leave()


@pytest.mark.parametrize("token", ["pz_wrong", "", "x" * 1000])
async def test_a_stranger_is_refused_with_a_problem(here: Node, token: str) -> None:
    refusal: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
    client = socketio.AsyncClient(reconnection=False)
    client.on("connect_error", refusal.set_result, namespace="/desk")

    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(here.url, namespaces=["/desk"], auth={"token": token}, transports=["websocket"])

    problem = (await refusal)["data"]
    assert problem["code"] in {"not_signed_in", "invalid_input"}
    assert set(problem) >= {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://crm.example.evil", "http://127.0.0.1:1"])
async def test_a_foreign_page_is_refused(here: Node, anna: Person, origin: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        await Browser().connect(here, anna.token, headers={"Origin": origin})


async def test_our_own_page_is_let_in_by_either_name(here: Node, anna: Person) -> None:
    for origin in (PUBLIC_URL, here.url):
        async with here.browser(anna.token, headers={"Origin": origin}) as browser:
            await browser.next("hello")


async def test_polling_is_not_spoken(here: Node) -> None:
    async with ClientSession() as http:
        answer = await http.get(f"{here.url}/socket.io/?EIO=4&transport=polling")

    assert answer.status == 400


async def test_other_namespaces_do_not_exist(here: Node, anna: Person) -> None:
    client = socketio.AsyncClient(reconnection=False)

    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(here.url, namespaces=["/"], auth={"token": anna.token}, transports=["websocket"])


async def test_an_ended_session_closes_its_sockets_within_five_seconds(
    here: Node, database: Database, anna: Person
) -> None:
    cookie = await _session(database, anna)
    browser = Browser()
    await browser.connect(here, None, headers={"Cookie": f"{COOKIE}={cookie}"})
    async with here.browser(anna.token) as other:
        async with database.begin() as tx:
            await sessions.end_sessions_of(tx, anna.id)

        async with asyncio.timeout(5):
            await browser.gone.wait()

        assert not other.gone.is_set(), "the token has not been revoked"
    await browser.leave()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_tokens SET revoked_at = now()",
        "UPDATE users SET enabled = false",
        "UPDATE users SET role = 'supervisor'",
    ],
)
async def test_changed_rights_close_the_socket_within_five_seconds(
    here: Node, database: Database, anna: Person, change: str
) -> None:
    async with here.browser(anna.token) as browser:
        async with database.begin() as tx:
            await tx.execute(change)

        async with asyncio.timeout(5):
            await browser.gone.wait()


async def test_a_changed_role_counts_when_the_browser_comes_back(here: Node, database: Database, anna: Person) -> None:
    async with here.browser(anna.token) as before:
        async with database.begin() as tx:
            await tx.execute("UPDATE users SET role = 'admin' WHERE id = $1", anna.id)
        await before.gone.wait()

    async with here.browser(anna.token) as after:
        hello = await after.next("hello")
        await say(here.database, anna.id, rooms=("floor",))
        assert await after.until(hello["seq"] + 1) == [hello["seq"] + 1]


async def test_unknown_events_are_ignored(here: Node, anna: Person) -> None:
    async with here.browser(anna.token) as browser:
        assert await browser.ask("drop_tables", {"now": True}) is None

        assert (await browser.resume(0))["status"] == "resumed"


async def test_a_node_that_stops_sends_its_browsers_away(database_url: str, anna: Person) -> None:
    async with node(database_url) as here:
        browser = Browser()
        await browser.connect(here, anna.token)

        await here.hub.close()

        async with asyncio.timeout(PATIENCE_S):
            await browser.gone.wait()
        with pytest.raises(socketio.exceptions.ConnectionError):
            await Browser().connect(here, anna.token)
    await browser.leave()


async def test_a_node_on_another_machine_delivers_too(database_url: str, here: Node, anna: Person) -> None:
    async with node(database_url) as there, here.browser(anna.token) as first, there.browser(anna.token) as second:
        start = max((await first.next("hello"))["seq"], (await second.next("hello"))["seq"])
        await say(here.database, anna.id, times=2)
        await say(there.database, anna.id, times=2)

        heard = [[seq for seq in await browser.until(start + 4) if seq > start] for browser in (first, second)]

    assert heard[0] == heard[1] == [start + n for n in range(1, 5)]


async def _session(database: Database, person: Person) -> str:
    """The short way to a session: no password is hashed for this."""
    cookie = "a-session-of-" + str(person.id)
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO sessions (token_hash, user_id, csrf_token, expires_at) VALUES ($1, $2, 'csrf', $3)",
            sessions.fingerprint(cookie),
            person.id,
            tx.now + timedelta(hours=1),
        )
    return cookie
