"""A company's site on another origin, with the chat on it; a real browser walks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape

from aiohttp import web
from playwright.async_api import BrowserContext, Locator, Page

SITE_KEY = "pk_tours"
#: The strictest policy that a page with the chat can have: nothing but the chat's own server.
_POLICY = "default-src 'none'; script-src {host}; connect-src {host} {sockets}; style-src 'none'; img-src 'none'"


@dataclass(kw_only=True)
class Site:
    """One page, in the language and with the title that are asked for."""

    url: str
    host: str  # where the chat comes from
    title: str = "Туры в Азию"

    async def page(self, request: web.Request) -> web.Response:
        language = request.query.get("lang", "ru")
        text = (
            f'<!doctype html><html lang="{language}"><title>{escape(self.title)}</title><h1>Туры</h1>'
            f'<script async src="{self.host}/widget.js" data-site="{SITE_KEY}"></script></html>'
        )
        policy = _POLICY.format(host=self.host, sockets=self.host.replace("http", "ws", 1))
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


@asynccontextmanager
async def open_site(host: str, port: int) -> AsyncIterator[Site]:
    """The site, served on this port of loopback."""
    site = Site(url=f"http://127.0.0.1:{port}", host=host)
    app = web.Application()
    app.router.add_get("/{page:.*}", site.page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield site
    finally:
        await runner.cleanup()


def webchat_of(port: int) -> dict[str, object]:
    """The settings of the site's chat."""
    return {"name": "tours", "site_key": SITE_KEY, "origins": [f"http://127.0.0.1:{port}"], "queue": "sales"}


class Widget:
    """The chat on one open page, as a visitor uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open(self) -> None:
        await self.page.locator(".bubble-open").click()
        await self.field.wait_for()

    @property
    def field(self) -> Locator:
        return self.page.locator(".writing textarea")

    @property
    def button(self) -> Locator:
        return self.page.locator(".bubble-open")

    async def say(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def attach(self, name: str, content: bytes, media: str = "application/octet-stream") -> None:
        await self.page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": media, "buffer": content}]
        )

    async def asks_to_be_called(self, name: str, phone: str) -> None:
        await self.page.get_by_role("button", name="Перезвоните мне").click()
        await self.page.get_by_label("Как вас зовут").fill(name)
        await self.page.get_by_label("Телефон").fill(phone)
        await self.page.get_by_role("button", name="Жду звонка").click()

    async def shows(self, text: str) -> None:
        await self.page.get_by_text(text, exact=True).first.wait_for()

    async def said(self) -> list[str]:
        """Everything in the conversation, in order."""
        return await self.page.locator(".line .bubble").all_inner_texts()


async def visit(context: BrowserContext, site: Site, path: str = "/") -> Widget:
    """A page of the site, with the chat's button on it."""
    page = await context.new_page()
    await page.goto(site.url + path)
    widget = Widget(page)
    await widget.button.wait_for()
    return widget
