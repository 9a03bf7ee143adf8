"""The process put together: which parts run, what they are given, how they begin and end.

Everything lives in one task group. A part that fails takes the process with it,
for a call centre that half works lies; what can be away for a while (database,
PBX) is waited for inside the parts. A signal to stop ends the intake of
requests first, then says goodbye to the browsers, then ends the parts.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from aiohttp import web

import dashboards
from channels.email.room import MailRoom
from channels.telephony.room import PbxRoom
from channels.webchat.hub import ChatHub
from channels.webchat.room import WebchatRoom
from config.settings import Settings
from crm_core.domain.errors import PeerRefused
from crm_core.store.database import Database
from crm_core.store.default_database import default_database
from crm_core.store.defaults import seed_defaults
from crm_core.store.migrate import MigrationPending, migrate
from crm_core.store.notify import Notifier
from crm_core.store.outbox import Window
from crm_core.store.partitions import make_months
from crm_core.store.redis_wakeups import RedisNotifier
from gateway.garbage import Garbage
from gateway.http.admission import client_address, identify
from gateway.http.problems import document
from gateway.http.request import DemoLogin, Ringer, Services
from gateway.http.server import build_app, make_runner
from gateway.jobs import Jobs
from realtime.hub import DeskHub
from realtime.presence import Presence
from realtime.relay import Relay
from realtime.watchdog import Watchdog
from sockets.line import Backlog

if TYPE_CHECKING:
    from channels.telegram.door import TelegramDoor

logger = structlog.get_logger(__name__)

STATIC = Path(dashboards.__file__).parent / "static"


class RoleOfProcess(StrEnum):
    """What one process may do; without ``--roles`` it does everything."""

    WEB = "web"
    TELEPHONY = "telephony"
    CHANNELS = "channels"
    WATCHDOG = "watchdog"
    JOBS = "jobs"


EVERYTHING = frozenset(RoleOfProcess)


class AddressTaken(PeerRefused):
    """Another program listens on this address already."""

    code = "address_taken"


class Part(Protocol):
    """Something that runs until it is cancelled."""

    async def run(self) -> None: ...


@asynccontextmanager
async def open_database(settings: Settings, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """The database of the settings, brought up to date as far as a running program may.

    Raises:
        MigrationPending: it waits for ``perezvon migrate``.
    """
    async with default_database(settings) as url:
        if not await migrate(url, everything=settings.database_url is None):
            raise MigrationPending("The database waits for changes. Stop the old release and type: perezvon migrate")
        async with Database(url, pool_size=pool_size) as database:
            async with database.begin() as tx:
                await make_months(tx, now=tx.now)
                await seed_defaults(tx)
            yield database


async def serve(settings: Settings, *, roles: Collection[RoleOfProcess] = EVERYTHING) -> None:
    """Run until a signal; returns after the drain."""
    async with open_database(settings) as database:
        await run(Process(settings, database, roles=roles))


def telegram_rooms(settings: Settings, database: Database) -> list[Part]:
    """One for each bot; whoever has none does not load what Telegram needs, which is a hundred megabytes."""
    if not settings.telegram:
        return []
    from channels.telegram.room import TelegramRoom

    return [TelegramRoom(bot, settings, database) for bot in settings.telegram]


def telegram_doors(settings: Settings, database: Database) -> Sequence[TelegramDoor]:
    """One for each bot that is heard by webhook; the same holds for whoever has none."""
    bots = [bot for bot in settings.telegram if bot.mode == "webhook"]
    if not bots:
        return ()
    from channels.telegram.door import TelegramDoor

    return [TelegramDoor(bot, settings, database) for bot in bots]


class Process:
    """The parts of one process, made but not yet running."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        roles: Collection[RoleOfProcess] = EVERYTHING,
        demo_logins: Sequence[DemoLogin] = (),
        ringer: Ringer | None = None,
    ) -> None:
        self.settings = settings
        doors = telegram_doors(settings, database) if RoleOfProcess.WEB in roles else ()
        self.services = Services(
            settings=settings,
            database=database,
            version=metadata.version("perezvon"),
            demo_logins=tuple(demo_logins),
            ringer=ringer,
            telegram_webhooks={door.name: door.webhook for door in doors},
        )
        limits = settings.limits
        window = Window(age=timedelta(seconds=limits.resume_window_s), events=limits.resume_events)
        redis_url = settings.redis_url
        self.parts: list[Part] = [Garbage(), RedisNotifier(database, redis_url) if redis_url else Notifier(database)]
        self.hub: DeskHub | None = None
        if RoleOfProcess.WEB in roles:
            self.hub = DeskHub(
                database,
                authenticate=lambda request, token: identify(request, self.services, token),
                problem=document,
                public_url=settings.public_url,
                version=self.services.version,
                window=window,
                backlog=Backlog(packets=limits.slow_socket_events, stuck_s=limits.slow_socket_s),
            )
            self.parts += [self.hub, Presence(database, self.hub, grace_s=limits.presence_grace_s)]
        self.parts += doors
        self.chats = self._open_chats() if RoleOfProcess.WEB in roles else None
        self.parts.append(Relay(database, self.hub, window=window, poll_s=limits.relay_poll_s))
        self.rooms: list[PbxRoom] = []
        if RoleOfProcess.TELEPHONY in roles:
            self.rooms += [PbxRoom(pbx, settings, database) for pbx in settings.pbx]
        self.parts += self.rooms
        if RoleOfProcess.CHANNELS in roles:
            self.parts += [MailRoom(mailbox, settings, database) for mailbox in settings.mailbox]
            self.parts += telegram_rooms(settings, database)
        if RoleOfProcess.WATCHDOG in roles:
            self.parts.append(Watchdog(database, zone=settings.timezone))
        if RoleOfProcess.JOBS in roles or RoleOfProcess.WATCHDOG in roles:
            self.parts.append(Jobs(database, settings))

    def _open_chats(self) -> ChatHub | None:
        """The visitors' sockets of all sites, and what makes them hear us; None where no site has a chat."""
        settings, database = self.settings, self.services.database
        if not settings.webchat:
            return None
        chats = ChatHub(
            database,
            sites=settings.webchat,
            limits=settings.limits,
            timezone=settings.timezone,
            country=settings.country,
            address_of=lambda request: client_address(request, settings.trusted_proxies),
            problem=document,
        )
        self.parts.append(chats)
        self.parts += [WebchatRoom(site, database, timezone=settings.timezone) for site in settings.webchat]
        return chats

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Answer requests, if this process does.

        Raises:
            AddressTaken: the port belongs to somebody else.
        """
        if self.hub is None:
            yield
            return
        app = build_app(self.services, static=STATIC)
        self.hub.attach(app)
        if self.chats is not None:
            self.chats.attach(app)
        runner = make_runner(app, shutdown_timeout_s=self.settings.limits.drain_s / 2)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self.settings.http.host, self.settings.http.port)
            try:
                await site.start()
            except OSError as error:
                address = f"{self.settings.http.host}:{self.settings.http.port}"
                raise AddressTaken(f"Cannot listen on {address}: {error.strerror or error}.") from error
            yield
            # New requests are answered by others now; those under way are finished.
            self.services.serving.clear()
            await self.hub.close()
            if self.chats is not None:
                await self.chats.close()
        finally:
            await runner.cleanup()


async def run(process: Process, *, also: Sequence[Part] = ()) -> None:
    """Run the parts until SIGTERM or SIGINT, then drain: browsers first, the parts behind them last."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        async with process.listening():
            running = [tasks.create_task(part.run(), name=type(part).__name__) for part in (*process.parts, *also)]
            process.services.serving.set()
            logger.info("perezvon serves", action="serving", url=process.settings.public_url)
            await stop.wait()
            logger.info("perezvon stops", action="stopping")
        for task in running:
            task.cancel()
