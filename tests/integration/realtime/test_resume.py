"""A browser that was away hears what it missed: once, in order, before anything newer, or is told to reload."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.outbox import Window
from tests.integration.realtime.conftest import Person
from tests.integration.realtime.nodes import Browser, Node, node, say


async def test_what_was_missed_is_told_as_itself_then_the_answer(here: Node, anna: Person, boss: Person) -> None:
    async with here.browser(anna.token) as browser:
        seen = (await browser.next("hello"))["seq"]
    await say(here.database, anna.id, times=3)
    await say(here.database, boss.id)
    await here.has_delivered(anna.token, seen + 4)

    async with here.browser(anna.token) as browser:
        hello = await browser.next("hello")
        answer = await browser.resume(seen)

        assert hello["seq"] == seen + 4
        assert answer == {"status": "resumed", "seq": seen + 4}
        assert [(name, payload["seq"]) for name, payload in browser.heard[1:]] == [
            ("agent.changed", seen + n) for n in (1, 2, 3)
        ]


async def test_events_that_come_while_resuming_follow_what_was_missed(here: Node, boss: Person) -> None:
    await say(here.database, boss.id, times=700)
    await here.has_delivered(boss.token, 700)

    async with here.browser(boss.token) as browser:
        resuming = asyncio.create_task(browser.resume(0))
        for _ in range(30):
            await say(here.database, boss.id, times=10)

        assert await browser.until(1000) == list(range(1, 1001))
        assert (await resuming)["status"] == "resumed"


async def test_nothing_missed_is_answered_at_once(here: Node, anna: Person) -> None:
    async with here.browser(anna.token) as browser:
        seq = (await browser.next("hello"))["seq"]

        assert await browser.resume(seq) == {"status": "resumed", "seq": seq}


async def test_a_browser_that_never_resumes_hears_what_comes(here: Node, anna: Person) -> None:
    async with here.browser(anna.token) as browser:
        seq = (await browser.next("hello"))["seq"]
        await say(here.database, anna.id, times=2)

        assert await browser.until(seq + 2) == [seq + 1, seq + 2]


async def test_a_cursor_ahead_of_the_newest_must_reload(here: Node, anna: Person) -> None:
    async with here.browser(anna.token) as browser:
        seq = (await browser.next("hello"))["seq"]

        assert await browser.resume(seq + 1_000_000) == {"status": "reload"}
        reload = await browser.next("reload")
        assert reload["seq"] == seq
        await say(here.database, anna.id)
        assert await browser.until(seq + 1) == [seq + 1]


@pytest.mark.parametrize("window", [Window(events=2), Window(age=timedelta(hours=1))])
async def test_a_cursor_from_before_the_window_must_reload(
    database: Database, database_url: str, anna: Person, window: Window
) -> None:
    async with node(database_url, window=window) as here:
        await say(database, anna.id, times=3)
        await here.has_delivered(anna.token, 3)
        async with database.begin() as tx:
            await tx.execute("UPDATE outbox SET at = at - interval '2 hours' WHERE seq <= 1")

        async with here.browser(anna.token) as browser:
            assert await browser.resume(0) == {"status": "reload"}
            await browser.next("reload")
        async with here.browser(anna.token) as browser:
            assert await browser.resume(1) == {"status": "resumed", "seq": 3}


@pytest.mark.parametrize("after", [None, "7", -1, 1.5, True, [3], {"seq": 3}])
async def test_nonsense_is_answered_with_a_problem(here: Node, anna: Person, after: object) -> None:
    async with here.browser(anna.token) as browser:
        problem = await browser.resume(after)

        assert "code" in problem
        assert (await browser.resume(0))["status"] == "resumed"


async def test_two_resumes_at_once_tell_everything_once(here: Node, boss: Person) -> None:
    await say(here.database, boss.id, times=500)
    await here.has_delivered(boss.token, 500)

    async with here.browser(boss.token) as browser:
        answers = await asyncio.gather(browser.resume(0), browser.resume(0))

        assert {answer["status"] for answer in answers} <= {"resumed", 400}
        assert await browser.until(500) == list(range(1, 501))


async def test_a_resume_on_another_node_loses_and_doubles_nothing(
    database: Database, database_url: str, here: Node, boss: Person
) -> None:
    heard: list[int] = []
    enough = asyncio.Event()
    async with node(database_url) as there:
        speaking = asyncio.create_task(_speak(database, boss, until=enough))
        for home in (here, there, here, there):
            async with home.browser(boss.token) as browser:
                await browser.resume(heard[-1] if heard else 0)
                heard += await browser.until(heard[-1] + 10 if heard else 10)
        enough.set()
        last = await speaking
        async with here.browser(boss.token) as browser:
            await browser.resume(heard[-1])
            heard += await browser.until(last) if heard[-1] < last else []

    assert heard == list(range(1, last + 1))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.sampled_from(["say", "say three", "leave", "resume twice"]), min_size=3, max_size=12))
async def test_whatever_happens_everything_is_heard_once_and_in_order(
    here: Node, boss: Person, plan: list[str]
) -> None:
    async with here.database.read() as reader:
        start = await outbox.last_seq(reader)
    said = 0
    heard: list[int] = []
    browser = Browser()
    await browser.connect(here, boss.token)
    await browser.resume(start)

    for step in plan:
        match step:
            case "say":
                await say(here.database, boss.id)
                said += 1
            case "say three":
                await say(here.database, boss.id, times=3)
                said += 3
            case "leave":
                await browser.leave()
                heard += [payload["seq"] for payload in browser.told]
                browser = Browser()
                await browser.connect(here, boss.token)
                await browser.resume(heard[-1] if heard else start)
            case "resume twice":
                last = [payload["seq"] for payload in browser.told] or heard or [start]
                await browser.resume(last[-1])
    if said and not (heard and heard[-1] == start + said):
        heard += await browser.until(start + said)
    await browser.leave()

    assert heard == [start + n for n in range(1, said + 1)]


async def _speak(database: Database, person: Person, *, until: asyncio.Event) -> int:
    """Change after change; returns how many."""
    said = 0
    while not until.is_set():
        await say(database, person.id)
        said += 1
    return said
