"""Look at the pages without a server: a browser, the built app, and a day made up in fixtures.py.

Run: python dashboards/web/dev/shots.py [SCENE …] [--out DIR] [--theme light,dark] [--width 1440,1180,390] [--locale ru,en]
Whatever the content security policy refuses and whatever the page logs as an error is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mimetypes
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import board
import fixtures as day
import inbox
import leads
import lists
import missed
import promises
import rules
import staff
from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright

STATIC = Path(os.environ.get("PEREZVON_TEST_STATIC", Path(__file__).resolve().parents[2] / "static"))
ORIGIN = "http://desk.test"
CHROMIUM = os.environ.get("PEREZVON_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
HEIGHTS = {1440: 900, 1180: 820, 390: 844}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self' ws://desk.test; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

Act = Callable[[Page], Awaitable[None]]


async def nothing(page: Page) -> None:
    """The page as it opens."""


async def take_over(page: Page) -> None:
    """Every tail chosen, and what would become of each."""
    await page.get_by_role("checkbox").first.check()
    await page.keyboard.press("KeyT")


@dataclass(frozen=True, kw_only=True)
class Scene:
    path: str
    desk: day.Json = field(default_factory=day.desk)
    act: Act = nothing
    signed_in: bool = True
    promises: list[day.Json] | None = None
    role: str = "agent"
    online: bool = True
    pages: day.Json = field(default_factory=lists.pages)
    heard: list[tuple[str, day.Json]] = field(default_factory=list)


def talking(call: day.Json, card: day.Json, state: str = "talking") -> day.Json:
    return day.desk(agent=day.agent(state, call["answered_at"]), active=[{"interaction": call, "card": card}])


def press(*keys: str) -> Act:
    async def act(page: Page) -> None:
        for key in keys:
            await page.keyboard.press(key)

    return act


def click(*names: str) -> Act:
    async def act(page: Page) -> None:
        for name in names:
            await page.get_by_role("button", name=name).first.click()

    return act


async def listen(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Слушать|Listen")).first.click()
    await page.wait_for_timeout(1500)


def replay_of(name: str) -> Act:
    """A rule being edited, with what it would have done one by one."""

    async def act(page: Page) -> None:
        await page.get_by_role("button", name=re.compile(f"(Изменить|Edit): {name}")).click()
        await page.clock.run_for(2000)
        await page.get_by_role("button", name=re.compile("Показать, какие|Show which")).click()

    return act


async def unfold(page: Page) -> None:
    await page.locator("summary").first.click()


async def reorder(page: Page) -> None:
    await page.get_by_role("button", name="Место в списке").nth(2).focus()
    await page.keyboard.press("ArrowUp")


async def leave_unsaved(page: Page) -> None:
    await reorder(page)
    await page.get_by_role("link", name="Клиенты").first.click()


async def dismiss(page: Page) -> None:
    await click("Руслан Каримов ruslan")(page)
    await page.get_by_label(re.compile("Работает|Works here")).first.uncheck()


async def dismiss_to_engine(page: Page) -> None:
    await dismiss(page)
    await page.get_by_label(re.compile("Кому передать|Who gets it")).select_option("engine")


async def absent_to_engine(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Новое отсутствие|New absence")).click()
    await page.get_by_label(re.compile("Кому передать|Who gets it")).select_option("engine")


async def promise_again(page: Page) -> None:
    """The last of the menus: of a promise that was kept."""
    await page.get_by_role(
        "button", name=re.compile("Что сделать с обещанием|What to do with the promise")
    ).last.click()
    await page.get_by_role("menuitem", name=re.compile("Обещать снова|Promise again")).click()


STAFF: day.Json = {**lists.pages(), **staff.pages()}


async def call_client(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Позвонить$|Call$")).first.click()


async def pick_their_night(page: Page) -> None:
    await page.keyboard.press("KeyP")
    await page.get_by_role("radio", name=re.compile("Другое|Other")).click()
    await page.get_by_role("radio", name=re.compile("клиента|client")).click()
    await page.get_by_label(re.compile("Другое время|Another time")).fill("2026-11-04T03:20")


INBOX: day.Json = {**lists.pages(), **inbox.pages()}


async def give_conversation(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Чей разговор|Assigned to")).click()
    await page.get_by_role("menuitem", name=re.compile("Передать|Hand over")).click()


WRAPPING = day.desk(
    agent=day.agent("wrap_up", day.WRAP_UP["ended_at"]),
    wrap_up=[{"interaction": day.WRAP_UP, "card": day.CARD, "wrap_up_until": day.ahead(seconds=102)}],
)
RINGS = day.desk(agent=day.agent("ringing", day.ago(seconds=6)), offers=[day.offer(day.RINGING, day.CARD)])

SCENES: dict[str, Scene] = {
    "sign-in": Scene(path="/sign-in", signed_in=False),
    "today": Scene(path="/today"),
    "today-empty": Scene(path="/today", promises=[]),
    "ringing": Scene(path="/today", desk=RINGS),
    "ringing-passed-on": Scene(
        path="/today",
        desk=day.desk(agent=day.agent("ringing", day.ago(seconds=6)), offers=[day.offer(day.PASSED_ON, day.CARD)]),
    ),
    "talking-passed-on": Scene(
        path="/today", desk=talking({**day.PASSED_ON, "agent_id": day.ME, "version": 4}, day.CARD)
    ),
    "unknown": Scene(
        path="/today",
        desk=day.desk(agent=day.agent("ringing", day.ago(seconds=5)), offers=[day.offer(day.UNKNOWN, day.EMPTY_CARD)]),
    ),
    "candidates": Scene(
        path="/today",
        desk=day.desk(
            agent=day.agent("ringing", day.ago(seconds=5)),
            offers=[
                day.offer(day.UNKNOWN, {**day.EMPTY_CARD, "candidates": [day.AIGERIM, day.YERZHAN, day.LONG]}),
            ],
        ),
    ),
    "anonymous": Scene(
        path="/today",
        desk=day.desk(
            agent=day.agent("ringing", day.ago(seconds=5)), offers=[day.offer(day.ANONYMOUS, day.EMPTY_CARD)]
        ),
    ),
    "talking": Scene(path="/today", desk=talking(day.TALKING, day.CARD)),
    "talking-waiting": Scene(
        path="/today",
        desk={**talking(day.TALKING, day.CARD), "offers": [day.offer(day.UNKNOWN, day.EMPTY_CARD)]},
    ),
    "dialling": Scene(path="/today", desk=day.desk(active=[{"interaction": day.DIALLING, "card": day.CARD}])),
    "wrapup": Scene(path="/today", desk=WRAPPING),
    "wrapup-promise": Scene(path="/today", desk=WRAPPING, act=press("Digit2")),
    "paused": Scene(path="/today", desk=day.desk(agent=day.agent("paused", day.ago(minutes=21), "BREAK"))),
    "state-menu": Scene(path="/today", act=press("Alt+KeyP")),
    "personal": Scene(path="/today", act=click("Вид и звук")),
    "palette": Scene(path="/today", act=press("Control+KeyK")),
    "keys": Scene(path="/today", act=press("?")),
    "more": Scene(path="/more", role="supervisor"),
    "today-missed": Scene(path="/today", promises=[missed.OF_QUEUE, missed.OWN, *day.PROMISES]),
    "missed": Scene(path="/missed", pages={**lists.pages(), **missed.pages(missed.ROWS)}),
    "missed-all": Scene(
        path="/missed?state=all",
        role="supervisor",
        pages={**lists.pages(), **missed.pages([*missed.ROWS, *missed.SETTLED])},
    ),
    "missed-counted": Scene(
        path="/missed?state=all",
        role="supervisor",
        pages={**lists.pages(), **missed.pages([*missed.ROWS, *missed.SETTLED])},
        act=unfold,
    ),
    "missed-none": Scene(path="/missed", pages={**lists.pages(), **missed.pages([])}),
    "board": Scene(path="/promises", role="supervisor", pages={**lists.pages(), **board.pages()}),
    "board-why": Scene(
        path=f"/promises?promise={board.OPENED['id']}&step={board.MOVED[0]['id']}",
        role="supervisor",
        pages={**lists.pages(), **board.pages()},
    ),
    "board-stuck": Scene(path="/promises", role="supervisor", pages={**lists.pages(), **board.pages(stuck=True)}),
    "board-take": Scene(path="/promises", role="supervisor", pages={**lists.pages(), **board.pages()}, act=take_over),
    "board-own": Scene(path="/promises", pages={**lists.pages(), **board.pages(board.LANES[3:4], board.MOVED[:1], [])}),
    "board-none": Scene(path="/promises", role="supervisor", pages={**lists.pages(), **board.pages([], [], [])}),
    "leads": Scene(path="/leads", pages={**lists.pages(), **leads.pages(leads.LEADS), **leads.sources()}),
    "leads-team": Scene(
        path="/leads", role="supervisor", pages={**lists.pages(), **leads.pages(leads.LEADS[1:]), **leads.sources()}
    ),
    "leads-none": Scene(path="/leads", pages={**lists.pages(), **leads.pages([]), **leads.sources()}),
    "lead": Scene(
        path=f"/leads?lead={leads.MINE['id']}",
        pages={**lists.pages(), **leads.pages(leads.LEADS), **leads.sources()},
        act=unfold,
    ),
    "lead-lost": Scene(
        path=f"/leads?lead={leads.MINE['id']}",
        pages={**lists.pages(), **leads.pages(leads.LEADS), **leads.sources()},
        act=click("Не купил"),
    ),
    "lead-closed": Scene(
        path=f"/leads?lead={leads.LOST['id']}",
        pages={**lists.pages(), **leads.pages([leads.LOST]), **leads.sources()},
    ),
    "lead-accepted": Scene(
        path="/leads",
        pages={**lists.pages(), **leads.pages(leads.LEADS), **leads.sources(), **leads.accepted()},
        act=click("Принять"),
    ),
    "leads-new": Scene(
        path="/leads",
        pages={**lists.pages(), **leads.pages(leads.LEADS), **leads.sources()},
        act=click("Новый лид"),
    ),
    "settings-sources": Scene(
        path="/settings/sources",
        role="admin",
        pages={**lists.pages(), **leads.sources()},
        act=click("Изменить: Форма на сайте"),
    ),
    "inbox": Scene(path=f"/inbox/{inbox.OPEN['id']}", pages=INBOX),
    "inbox-list": Scene(path="/inbox", pages=INBOX),
    "inbox-none": Scene(path="/inbox", pages={**lists.pages(), **inbox.pages([])}),
    "inbox-mail": Scene(path=f"/inbox/{inbox.MAIL['id']}", pages=INBOX),
    "inbox-stranger": Scene(path=f"/inbox/{inbox.LATE['id']}", pages=INBOX),
    "inbox-note": Scene(path=f"/inbox/{inbox.OPEN['id']}", pages=INBOX, act=press("KeyN")),
    "inbox-give": Scene(path=f"/inbox/{inbox.OPEN['id']}", pages=INBOX, act=give_conversation),
    "inbox-found": Scene(path="/inbox?q=дайвинг", pages=INBOX),
    "inbox-facts": Scene(path=f"/inbox/{inbox.OPEN['id']}", pages=INBOX, act=click("О клиенте")),
    "calls": Scene(path="/calls", role="supervisor"),
    "calls-none": Scene(path="/calls", pages=lists.pages(calls=[])),
    "calls-one": Scene(path="/calls", pages=lists.pages(calls=lists.LOG[:1])),
    "calls-narrowed": Scene(path="/calls?period=week&outcome=abandoned", role="supervisor"),
    "call": Scene(path=f"/calls?call={lists.LOG[0]['id']}", role="supervisor"),
    "call-unknown": Scene(path=f"/calls?call={lists.LOG[3]['id']}"),
    "call-heard": Scene(path=f"/calls?call={lists.LOG[0]['id']}", act=listen),
    "call-pieces": Scene(
        path=f"/calls?call={lists.LOG[0]['id']}",
        role="agent",
        pages=lists.pages(calls=[lists.in_pieces(), *lists.LOG[1:]]),
        act=listen,
    ),
    "unrecorded": Scene(path="/unrecorded", role="supervisor", pages={**lists.pages(), **lists.unrecorded()}),
    "call-verdict": Scene(path=f"/calls?call={lists.LOG[0]['id']}", role="supervisor", act=click("Изменить итог")),
    "gaps": Scene(path="/gaps", role="supervisor", pages={**lists.pages(), **lists.gaps()}),
    "gaps-none": Scene(path="/gaps", role="supervisor", pages={**lists.pages(), "/gaps": {"items": [], "next": None}}),
    "clients": Scene(path="/clients"),
    "clients-none": Scene(path="/clients", pages={**lists.pages(), "/clients": {"items": [], "next": None}}),
    "clients-alike": Scene(path="/clients?q=Ержан"),
    "clients-new": Scene(path="/clients", act=click("Новый клиент")),
    "client": Scene(path=f"/clients/{day.AIGERIM['id']}"),
    "client-promise-again": Scene(path=f"/clients/{day.AIGERIM['id']}", act=promise_again),
    "client-talking": Scene(path=f"/clients/{day.AIGERIM['id']}", desk=talking(day.TALKING, day.CARD)),
    "client-new": Scene(path=f"/clients/{day.LONG['id']}"),
    "today-fates": Scene(path="/today", promises=promises.FATES),
    "today-due": Scene(path="/today", heard=[promises.heard("callback.due_soon", day.PROMISES[1])]),
    "today-left": Scene(
        path="/today",
        heard=[
            promises.heard("callback.moved", promises.MOVED, from_agent_id=day.ME, to_agent_id=promises.AIGUL),
        ],
    ),
    "client-moved": Scene(
        path=f"/clients/{day.AIGERIM['id']}",
        pages={**lists.pages(), **promises.card_pages(day.AIGERIM, [promises.MOVED])},
        promises=[],
    ),
    "client-moved-call": Scene(
        path=f"/clients/{day.AIGERIM['id']}",
        pages={**lists.pages(), **promises.card_pages(day.AIGERIM, [promises.MOVED])},
        act=call_client,
        promises=[],
    ),
    "client-blocked": Scene(
        path=f"/clients/{day.AIGERIM['id']}",
        role="supervisor",
        pages={**lists.pages(), **promises.card_pages(promises.BLOCKED, [])},
        promises=[],
    ),
    "client-promise-their-night": Scene(path=f"/clients/{day.AIGERIM['id']}", act=pick_their_night),
    "client-promise": Scene(path=f"/clients/{day.AIGERIM['id']}", act=press("KeyP")),
    "settings": Scene(path="/settings", role="admin"),
    "settings-outcome": Scene(path="/settings/outcomes", role="admin", act=click("Изменить: Обещан перезвон")),
    "settings-changed": Scene(path="/settings/outcomes", role="admin", act=reorder),
    "settings-leave": Scene(path="/settings/outcomes", role="admin", act=leave_unsaved),
    "settings-pauses": Scene(path="/settings/pauses", role="admin", act=click("Изменить: Обед")),
    "settings-queues": Scene(path="/settings/queues", role="admin"),
    "settings-people": Scene(path="/settings/people", role="admin", pages=STAFF),
    "settings-people-team": Scene(path="/settings/people", role="supervisor", pages=STAFF),
    "settings-person": Scene(path="/settings/people", role="admin", pages=STAFF, act=click("Динара Абенова dinara")),
    "settings-dismissal": Scene(path="/settings/people", role="admin", pages=STAFF, act=dismiss),
    "settings-dismissal-engine": Scene(path="/settings/people", role="admin", pages=STAFF, act=dismiss_to_engine),
    "settings-teams": Scene(path="/settings/teams", role="admin", pages=STAFF),
    "settings-team": Scene(path="/settings/teams", role="admin", pages=STAFF, act=click("Изменить: Продажи")),
    "settings-hours": Scene(path="/settings/teams", role="admin", pages=STAFF, act=click("Изменить: Офис")),
    "settings-absences": Scene(path="/settings/absences", role="supervisor", pages=STAFF),
    "settings-absence": Scene(path="/settings/absences", role="supervisor", pages=STAFF, act=click("Новое отсутствие")),
    "settings-absence-engine": Scene(path="/settings/absences", role="supervisor", pages=STAFF, act=absent_to_engine),
    "settings-absences-own": Scene(
        path="/settings/absences", pages={**STAFF, "/absences": {"items": [], "next": None}}
    ),
    "settings-telephony": Scene(path="/settings/telephony", role="admin", pages={**lists.pages(), **lists.telephony()}),
    "settings-connect": Scene(
        path="/settings/connect",
        role="admin",
        pages={**lists.pages(), **lists.telephony()},
        act=click("Написать файлы"),
    ),
    "rules": Scene(path="/settings/rules", role="admin", pages={**lists.pages(), **rules.pages()}),
    "rules-edit": Scene(
        path="/settings/rules",
        role="admin",
        pages={**lists.pages(), **rules.pages()},
        act=replay_of("strict-10m"),
    ),
    "rules-warned": Scene(
        path="/settings/rules",
        role="admin",
        pages={**lists.pages(), **rules.pages(rules.WARNING)},
        act=replay_of("vip-3m"),
    ),
    "rules-new": Scene(
        path="/settings/rules",
        role="supervisor",
        pages={**lists.pages(), **rules.pages()},
        act=click("Новое правило"),
    ),
    "rules-history": Scene(
        path="/settings/rules",
        role="admin",
        pages={**lists.pages(), **rules.pages()},
        act=click("История правила vip-3m"),
    ),
    "settings-own": Scene(path="/settings", role="supervisor"),
    "nowhere": Scene(path="/nowhere"),
}


async def answer(route: Route, scene: Scene) -> None:
    """The server: the built files, and the day's answers."""
    path = urlsplit(route.request.url).path
    if path.startswith("/api/v1"):
        await answer_api(route, scene, path.removeprefix("/api/v1"))
        return
    file = STATIC / path.lstrip("/")
    if not file.is_file():
        file = STATIC / "index.html"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    await route.fulfill(body=file.read_bytes(), content_type=kind, headers={"Content-Security-Policy": POLICY})


async def answer_api(route: Route, scene: Scene, path: str) -> None:
    bodies = {**day.responses(scene.desk, role=scene.role, promises=scene.promises), **scene.pages}
    headers = {"X-Perezvon-Seq": "100", "Date": format_datetime(day.NOW, usegmt=True)}
    if path == "/session" and not scene.signed_in and route.request.method == "GET":
        await route.fulfill(status=401, json={"code": "unauthenticated"})
    elif path.endswith("/audio"):
        await route.fulfill(body=lists.sound(), content_type="audio/wav", headers={"Accept-Ranges": "bytes"})
    elif path in bodies:
        await route.fulfill(json=bodies[path], headers=headers)
    else:
        await route.fulfill(status=404, json={"code": "not_found", "status": 404})


def speak_socket_io(socket: WebSocketRoute, online: bool, events: list[tuple[str, day.Json]]) -> None:
    """As much of Engine.IO 4 and Socket.IO 5 as a hello needs."""
    if not online:
        return

    def heard(message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode()
        if text.startswith("40/desk"):
            socket.send('40/desk,{"sid":"desk"}')
            hello = {"seq": 100, "user": {"id": day.ME}, "version": "0.1.0"}
            for event in [("hello", hello), *events]:
                socket.send("42/desk," + json.dumps(event))

    socket.on_message(heard)
    socket.send('0{"sid":"engine","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}')


async def shoot(browser: Browser, name: str, scene: Scene, out: Path, width: int, theme: str, locale: str) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHTS.get(width, 900)}, locale=locale, timezone_id="Asia/Almaty"
    )
    page = await context.new_page()
    page.on("console", lambda message: message.type == "error" and print(f"{name}: {message.text}"))
    page.on("pageerror", lambda error: print(f"{name}: {error}"))
    await page.clock.install(time=day.NOW)
    await page.emulate_media(contrast="more" if theme.startswith("contrast") else "no-preference")
    plain_theme = "dark" if theme.endswith("dark") else "light"
    preferences = json.dumps({"theme": plain_theme, "locale": locale, "ringVolume": 0})
    await page.add_init_script(f"localStorage.setItem('perezvon.preferences', {json.dumps(preferences)})")
    await page.route("**/*", lambda route: answer(route, scene))
    await page.route_web_socket("**/socket.io/**", lambda socket: speak_socket_io(socket, scene.online, scene.heard))
    await page.goto(ORIGIN + scene.path)
    await page.wait_for_load_state("networkidle")
    await page.clock.run_for(400)
    await scene.act(page)
    await page.clock.run_for(400)
    await page.evaluate("document.fonts.ready")
    await asyncio.sleep(0.25)  # transitions run on the browser's own clock
    await page.screenshot(path=out / f"{name}-{theme}-{width}-{locale}.png")
    await context.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description="Take screenshots of the web app over made-up data.")
    parser.add_argument("scenes", nargs="*", help=f"of: {', '.join(SCENES)}")
    parser.add_argument("--out", type=Path, default=Path("shots"))
    parser.add_argument("--theme", default="light", help="light, dark, contrast, contrast-dark; several with commas")
    parser.add_argument("--width", default="1440")
    parser.add_argument("--locale", default="ru")
    options: Any = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in options.scenes or SCENES:
            for width in map(int, options.width.split(",")):
                for theme in options.theme.split(","):
                    for locale in options.locale.split(","):
                        await shoot(browser, name, SCENES[name], options.out, width, theme, locale)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
