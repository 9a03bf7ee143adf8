"""What ``perezvon demo`` starts: Perezvon on the demo company and its played PBX."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import structlog

from config.settings import Settings, WebchatSettings
from gateway.app import Process, open_database, run
from gateway.demo.company import EMPLOYEES, PASSWORD
from gateway.demo.director import Director
from gateway.demo.inbox import PostOffice
from gateway.demo.seed import seed
from gateway.http.handlers.demo import CHAT_SITE
from gateway.http.request import DemoLogin

logger = structlog.get_logger(__name__)

LOGINS = tuple(
    DemoLogin(login=employee.login, password=PASSWORD, name=employee.name, role=employee.role) for employee in EMPLOYEES
)


async def demo(settings: Settings) -> None:
    """Run until a signal; an empty database is filled first, one with people in it is left as it is."""
    async with open_database(settings) as database:
        sounds = settings.data_dir.resolve() / "demo" / "recordings"
        await seed(database, country=settings.country, timezone=settings.timezone.key, sounds=sounds)
        director = Director(database, sounds=sounds)
        async with director.player.listening():
            pbx = (*settings.pbx, director.settings())
            webchat = (*settings.webchat, _chat(settings))
            played = settings.model_copy(update={"pbx": pbx, "webchat": webchat})
            process = Process(played, database, demo_logins=LOGINS, ringer=director)
            _say_where(settings)
            await run(process, also=[director, PostOffice(database=database, zone=settings.timezone)])


def _chat(settings: Settings) -> WebchatSettings:
    """The company's site is the page at ``/chat-demo``, under any name by which a browser here may call us."""
    here = {f"http://{host}:{settings.http.port}" for host in ("127.0.0.1", "localhost")}
    public = urlsplit(settings.public_url)._replace(path="").geturl()
    return WebchatSettings(name="demo", site_key=CHAT_SITE, origins=tuple(sorted(here | {public})), queue="sales")


def _say_where(settings: Settings) -> None:
    lines = [
        "",
        f"  Perezvon: {settings.public_url}",
        "",
        f"  Everybody's password is {PASSWORD}",
        *(f"    {employee.login:<8} {employee.role:<11} {employee.name}" for employee in EMPLOYEES),
        "",
        f"  A site with the chat on it: {settings.public_url}/chat-demo",
        "",
        "  Sign in as dinara and wait a few seconds, or press «Позвонить мне». Ctrl C ends it.",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
