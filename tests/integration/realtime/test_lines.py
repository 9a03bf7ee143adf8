"""Browsers that do not read, do not answer or make no sense: they harm themselves alone."""

from __future__ import annotations

import asyncio
import time

import pytest
import time_machine
from aiohttp import ClientSession

from crm_core.domain.events import FLOOR
from crm_core.views.model import WireModel
from realtime.frames import Encoded, event_frame
from sockets.frame import Frame
from sockets.line import MAX_INCOMING_BYTES, Backlog
from tests.integration.realtime.conftest import Person
from tests.integration.realtime.nodes import Node, node, say
from tests.integration.realtime.raw import raw_client
from tests.waiting import eventually

BIG = 64 * 1024
#: More than the kernel keeps for one connection on loopback.
ENOUGH = 400


def shout(here: Node, *, first: int, times: int, size: int = BIG) -> None:
    """Large events for the floor, past the database."""
    for seq in range(first, first + times):
        frame = Frame(f'42/desk,["shout",{{"seq":{seq},"text":"{"x" * size}"}}]'.encode())
        here.hub.give([Encoded(seq=seq, name="shout", rooms=(FLOOR,), frame=frame)])


async def gone(here: Node, *, left: int) -> None:
    """Only so many lines are open."""

    async def few() -> bool:
        return len(here.hub.lines) <= left

    await eventually(few)


@pytest.mark.parametrize(
    ("backlog", "size"),
    [
        (Backlog(), BIG),
        (Backlog(packets=50, size=10**9), BIG),
        (Backlog(packets=10**9, size=10**9, crowded_packets=20, crowded_s=0.2), BIG),
        (Backlog(packets=10**9, size=10**9, stuck_s=0.2), BIG),
    ],
    ids=["a mebibyte waits", "many packets wait", "many wait for long", "nothing moves for long"],
)
async def test_a_browser_that_stops_reading_is_cut_off_and_others_hear_everything(
    database_url: str, boss: Person, monkeypatch: pytest.MonkeyPatch, backlog: Backlog, size: int
) -> None:
    monkeypatch.setattr("realtime.hub.SWEEP_S", 0.1)
    async with (
        node(database_url, backlog=backlog) as here,
        raw_client(here) as slow,
        here.browser(boss.token) as quick,
    ):
        await slow.enter(boss.token)
        await quick.resume(0)
        await slow.say('42/desk,1["resume",{"after":0}]')
        await slow.until("43/desk,1[")
        slow.stop_reading()

        for n in range(ENOUGH):
            shout(here, first=n + 1, times=1, size=size)
            if n % 10 == 9:
                await quick.until(n + 1)
        await gone(here, left=1)

        assert await quick.until(ENOUGH) == list(range(1, ENOUGH + 1))
        await say(here.database, boss.id)


async def test_a_long_absence_is_told_in_pieces_that_may_wait(database_url: str, boss: Person) -> None:
    async with node(database_url, backlog=Backlog(packets=64, size=32 * 1024, crowded_packets=32)) as here:
        await say(here.database, boss.id, times=3000)
        await here.has_delivered(boss.token, 3000)
        async with here.browser(boss.token) as browser:
            answer = await browser.resume(0)

            assert answer["status"] == "resumed"
            assert await browser.until(3000) == list(range(1, 3001))


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "x",
        "2",
        "5",
        "6",
        "4",
        "4²",
        "4x",
        "4" + "[" * 10_000,
        "42/desk," + "[" * 10_000,
        "42/desk,",
        "42/desk,[",
        "42/desk,{}",
        "42/desk,[]",
        "42/desk,[[]]",
        "42/desk,[null]",
        "42/desk,7",
        '42/desk,["connect"]',
        '42/desk,["disconnect"]',
        '42/desk,["resume",{"after":0},{},{}]',
        '42/desk,9["resume"]',
        '42/desk,99999999999999999999["resume"]',
        '42/other,["resume",{"after":0}]',
        '42["resume",{"after":0}]',
        "43/desk,1[]",
        "44/desk,{}",
        '451-/desk,["resume",{"_placeholder":true,"num":0}]',
        "40/desk,",
        '40/desk,{"token":7}',
        "41/desk,",
        "41/desk,41/desk,",
        b"\x00\x01",
        "b4AAAA",
        "4" + "x" * (2 * MAX_INCOMING_BYTES),
    ],
)
async def test_nonsense_harms_nobody(here: Node, boss: Person, nonsense: str | bytes) -> None:
    async with here.browser(boss.token) as other:
        await other.resume(0)
        for signed_in in (False, True):
            async with raw_client(here) as client:
                if signed_in:
                    await client.enter(boss.token)
                await client.say(nonsense)
                await client.say("3")
        await gone(here, left=1)

        await say(here.database, boss.id)

        assert await other.until(1) == [1]
        assert here.hub.people() == {boss.id}


@pytest.mark.parametrize(
    "word",
    ['["disconnect","gone"]', '["disconnect"]', '["connect",{},null]', '["__disconnect_final"]', "[{}]", "[[1]]"],
)
async def test_who_speaks_as_the_library_does_is_not_heard_and_stays(here: Node, boss: Person, word: str) -> None:
    async with raw_client(here) as client:
        await client.enter(boss.token)

        await client.say(f"42/desk,{word}")
        await client.say('42/desk,7["resume",{"after":0}]')
        answer = await client.until("43/desk,7[")

        assert '"status":"resumed"' in answer
        assert here.hub.people() == {boss.id}
    await gone(here, left=0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upgrade": "websocket"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    ],
)
async def test_a_handshake_that_is_none_leaves_nothing_behind(here: Node, headers: dict[str, str]) -> None:
    async with ClientSession() as http:
        answers = [await http.get(f"{here.url}/socket.io/?EIO=4&transport=websocket", headers=headers) for _ in "123"]

    assert {answer.status for answer in answers} == {400}
    assert not here.hub.lines
    assert not here.hub._server.eio.sockets


async def test_a_flood_of_frames_is_hung_up_on(here: Node, boss: Person) -> None:
    async with raw_client(here) as client:
        await client.enter(boss.token)
        for _ in range(1_000):
            await client.say('42/desk,["noise"]')

        assert await client.until_closed() in {1006, 1008}


async def test_a_websocket_that_never_says_who_it_is_is_closed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.hub.SWEEP_S", 0.05)
    monkeypatch.setattr("realtime.hub.ADMISSION_S", 0.1)
    async with node(database_url) as here, raw_client(here) as client:
        await client.until_closed()

        await gone(here, left=0)


async def test_a_browser_that_does_not_answer_pings_is_cut_off(
    database_url: str, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.hub.SWEEP_S", 0.05)
    monkeypatch.setattr("sockets.server.PING_INTERVAL_S", 0.1)
    monkeypatch.setattr("sockets.server.PING_TIMEOUT_S", 0.2)
    async with node(database_url) as here, raw_client(here) as client:
        await client.enter(boss.token)

        await client.until_closed()

        await gone(here, left=0)


async def test_a_clock_that_jumps_cuts_nobody_off(
    database_url: str, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.hub.SWEEP_S", 0.05)
    monkeypatch.setattr("sockets.server.PING_INTERVAL_S", 0.05)
    async with node(database_url) as here, raw_client(here) as client:
        await client.enter(boss.token)
        if not client.pings:
            await client.until("2")

        with time_machine.travel(time.time() + 3600):
            await client.say('42/desk,7["resume",{"after":0}]')
            await client.until("43/desk,7[{")


async def test_an_event_is_encoded_once_for_everybody(
    here: Node, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []

    def counting(name: str, payload: WireModel) -> Frame:
        encoded.append(name)
        return event_frame(name, payload)

    async with here.browser(boss.token) as first, here.browser(boss.token) as second:
        await asyncio.gather(first.resume(0), second.resume(0))
        monkeypatch.setattr("realtime.frames.event_frame", counting)
        await say(here.database, boss.id, times=3)

        await asyncio.gather(first.until(3), second.until(3))

    assert encoded == ["agent.changed"] * 3
