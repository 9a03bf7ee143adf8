"""Every page of the demo company, in both themes: nothing that axe finds, nothing that the content policy forbids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState
from sqlalchemy import URL

from config.settings import Settings
from crm_core.store.database import Database
from gateway.app import Process
from gateway.demo.company import PASSWORD
from gateway.demo.director import Director
from gateway.demo.run import LOGINS
from gateway.demo.seed import seed
from tests.acceptance.program import browser, in_line, listen_for_complaints, running, settings_for
from tests.conftest import fresh_database

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_AXE = Path(__file__).parents[2] / "dashboards" / "web" / "node_modules" / "axe-core" / "axe.min.js"
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_LOOK = """async (standards) => {
    const found = await axe.run(document, { runOnly: { type: 'tag', values: standards }, preload: false })
    return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}`))
}"""

themes = pytest.mark.parametrize("theme", ["light", "dark"])


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoHouse:
    """The demo as ``perezvon demo`` serves it, and a browser in front of it."""

    settings: Settings
    chrome: Browser

    @asynccontextmanager
    async def visitor(self, login: str | None, *, theme: str) -> AsyncIterator[Page]:
        """A page of somebody's own, signed in unless ``login`` is None; no page may complain while it is open."""
        context = await self.chrome.new_context(
            locale="ru-RU",
            base_url=self.settings.public_url,
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
            storage_state=self._remembers(theme),
        )
        complaints = listen_for_complaints(context)
        try:
            if login is not None:
                answer = await context.request.post("/api/v1/session", data={"login": login, "password": PASSWORD})
                assert answer.ok
            yield await context.new_page()
        finally:
            await context.close()
        assert complaints == []

    def _remembers(self, theme: str) -> StorageState:
        """A browser in which this theme was chosen before."""
        chosen = orjson.dumps({"theme": theme, "locale": "ru", "ringVolume": 0}).decode()
        origin = self.settings.public_url
        return {"origins": [{"origin": origin, "localStorage": [{"name": "perezvon.preferences", "value": chosen}]}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(
    postgres: URL, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DemoHouse]:
    folder = tmp_path_factory.mktemp("demo")
    settings, sounds = settings_for(folder), folder / "recordings"
    async with fresh_database(postgres, template_database) as url, Database(url) as database:
        await seed(database, country=settings.country, timezone=settings.timezone.key, sounds=sounds)
        director = Director(database, sounds=sounds, seed=1)
        async with director.player.listening():
            heard = settings.model_copy(update={"pbx": (director.settings(),)})
            process = Process(heard, database, demo_logins=LOGINS, ringer=director)
            # The director itself stays at home: who calls whom is the stories' own choice.
            async with running(process), browser() as chrome:
                yield DemoHouse(settings=settings, chrome=chrome)


async def flaws(page: Page) -> list[str]:
    """What axe finds on the page as it is now; said to the page over the debugger, which no content policy stops."""
    await page.evaluate("() => document.fonts.ready")
    await page.evaluate(_AXE.read_text())
    found: list[str] = await page.evaluate(_LOOK, _STANDARDS)
    return found


@themes
async def test_anybody_can_sign_in(demo: DemoHouse, theme: str) -> None:
    async with demo.visitor(None, theme=theme) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Динара Абенова").wait_for()

        assert await flaws(page) == []


@themes
async def test_anybody_can_read_their_day_the_calls_and_the_clients(demo: DemoHouse, theme: str) -> None:
    async with demo.visitor("zhanar", theme=theme) as page:
        await page.goto("/today")
        await in_line(page)
        found = {"today": await flaws(page)}

        await page.goto("/promises")
        await page.locator("[data-row]").first.click()
        await page.get_by_text("Из кого выбирали").wait_for()
        found["promises"] = await flaws(page)

        await page.goto("/inbox?view=all")
        await page.locator("[data-row]").filter(has_text="Айгерим Сулейменова").click()
        await page.get_by_role("log").get_by_text("А страховка покрывает дайвинг?").wait_for()
        await page.get_by_role("button", name="Готовые ответы").click()
        await page.get_by_role("option").first.wait_for()
        await page.get_by_text("Кто вёл").wait_for()
        found["inbox"] = await flaws(page)

        await page.goto("/missed?state=all&period=week")
        await page.locator("[data-row]").first.wait_for()
        found["missed"] = await flaws(page)

        await page.goto("/leads")
        await page.get_by_role("button", name="Жансая Оразбаева").click()
        await page.get_by_text("Как он здесь оказался").wait_for()
        found["leads"] = await flaws(page)

        await page.goto("/calls")
        await page.locator("[data-row]").nth(2).click()
        await page.get_by_text("Как шёл звонок").wait_for()
        found["calls"] = await flaws(page)

        await page.goto("/clients")
        await page.get_by_text("Айгерим Сулейменова").first.wait_for()
        found["clients"] = await flaws(page)

        await page.get_by_role("link", name="Айгерим Сулейменова").click()
        await page.get_by_text("Как связаться").wait_for()
        found["client"] = await flaws(page)
        await page.get_by_role("button", name="Что сделать с клиентом").click()
        await page.get_by_role("menuitem", name="Объединить с другой карточкой").click()
        await page.get_by_text("Похожих карточек не нашли").wait_for()
        found["merge"] = await flaws(page)

    assert {place: flawed for place, flawed in found.items() if flawed} == {}


@themes
async def test_an_administrator_can_settle_everything(demo: DemoHouse, theme: str) -> None:
    found: dict[str, list[str]] = {}
    async with demo.visitor("admin", theme=theme) as page:
        for section, words in {
            "outcomes": "Вопрос решён",
            "people": "Тимур Ахметов",
            "teams": "Офис",
            "sources": "Форма на сайте",
            "answers": "Как оплатить",
            "absences": "Елена Козлова",
            "telephony": "в порядке",
            "connect": "Написать файлы",
        }.items():
            await page.goto(f"/settings/{section}")
            await page.get_by_role("main").get_by_text(words).first.wait_for()
            found[section] = await flaws(page)

        await page.goto("/settings/rules")
        await page.get_by_role("button", name="Изменить: strict-10m").click()
        await page.get_by_text("Перешли бы").wait_for()
        found["rules"] = await flaws(page)
        await page.get_by_label("Опоздание").select_option("900")
        await page.get_by_text("при опоздании на 15 минут само перейдёт").wait_for()
        await page.keyboard.press("Control+Enter")
        await page.get_by_text("Правило изменено.").wait_for()
        await page.get_by_role("button", name="Отменить").click()
        await page.get_by_text("Правило снова как было.").wait_for()

    assert {section: flawed for section, flawed in found.items() if flawed} == {}


@pytest.mark.parametrize(("theme", "login"), [("light", "dinara"), ("dark", "ruslan")])
async def test_anybody_can_take_a_call(demo: DemoHouse, theme: str, login: str) -> None:
    async with demo.visitor(login, theme=theme) as page:
        await page.goto("/today")
        slot = page.locator("#slot")
        await slot.get_by_role("button", name="Позвонить мне").click()
        await slot.get_by_text("Звонит вам").wait_for()
        ringing = await flaws(page)

        await slot.get_by_text("Завершить").wait_for()
        talking = await flaws(page)

        await slot.get_by_text("Завершить").click()
        await slot.get_by_text("Сохранить и на линию").wait_for()
        wrapping_up = await flaws(page)

    assert (ringing, talking, wrapping_up) == ([], [], [])
