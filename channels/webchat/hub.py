"""Visitors' sockets: who is let in, what they may say, what they are told.

A visitor is told of every change of their own conversation and of nothing else.
On coming they read the last of what was said, so nothing has to be told twice
and nothing that was missed matters; what they write is answered when it is
stored, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from pydantic import BaseModel
from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

from channels.webchat import metrics
from channels.webchat.allowance import Allowances, Rate
from channels.webchat.keeping import keep
from channels.webchat.news import News
from channels.webchat.said import ComeIn, EarlierIn, ReachIn, SayIn, SeenIn, TypingIn
from channels.webchat.visitors import Visitor, Visitors
from channels.webchat.vouching import read_identity
from config.sections import Limits, WebchatSettings
from crm_core.actions import forms, webchat
from crm_core.actions.forms import FormIn
from crm_core.actions.webchat import Admitted, Said, Site
from crm_core.actions.writing import visitor_writes
from crm_core.domain.errors import Forbidden, NotFound, TooManyAttempts
from crm_core.domain.webchat import read_visit
from crm_core.domain.written import MessageState
from crm_core.store import attempts
from crm_core.store.database import Database
from crm_core.store.signals import Writing, on_writing
from crm_core.store.webchat import Thread, thread_of
from crm_core.views.webchat import chat_history, chat_hours
from sockets.frame import Frame, event_frame
from sockets.line import LINE, Backlog
from sockets.server import SocketServer

#: The RFC 9457 object for whatever went wrong, the same that the HTTP interface answers.
Problem = Callable[[Exception], Mapping[str, object]]
#: Where a request comes from, behind trusted proxies too.
AddressOf = Callable[[web.Request], str]

Input = TypeVar("Input", bound=BaseModel)

PATH = "chat/socket.io"
NAMESPACE = "/"
SWEEP_S = 2.0
ADMISSION_S = 10.0
#: Messages of one visitor; of one address it depends on how many may be there.
PER_VISITOR = Rate(burst=30, per_s=1)
#: What a wish to be reached comes from, in the list of sources.
LEAD_SOURCE = "WEBCHAT"
#: Wishes to be reached, from one address, within ``attempts.WINDOW``.
WISHES_PER_ADDRESS = 20


class ChatHub:
    """All visitors' sockets of this node."""

    def __init__(
        self,
        db: Database,
        *,
        sites: Sequence[WebchatSettings],
        limits: Limits,
        timezone: ZoneInfo,
        country: str,
        address_of: AddressOf,
        problem: Problem,
    ) -> None:
        self._db = db
        self._sites = {site.site_key: site for site in sites}
        self._origins = {origin for site in sites for origin in site.origins}
        self._timezone = timezone
        self._country = country
        self._address_of = address_of
        self._problem = problem
        clock = asyncio.get_running_loop().time
        many = Rate(burst=limits.chat_address_sockets, per_s=limits.chat_address_sockets / 10)
        self._comings = Allowances(many, clock=clock)
        self._of_address = Allowances(many, clock=clock)
        self._of_visitor = Allowances(PER_VISITOR, clock=clock)
        self._visitors = Visitors(most=limits.chat_sockets, most_of_address=limits.chat_address_sockets)
        self._arriving: dict[str, Visitor] = {}
        self._here: dict[str, Visitor] = {}
        self._news = News(db, self._visitors)
        self._server = SocketServer(
            namespace=NAMESPACE,
            connected=self._greet,
            origin_allowed=lambda origin, request: origin in self._origins,
            backlog=Backlog(packets=256, crowded_packets=64),
            counts=metrics.COUNTS,
        )
        self._server.on("connect", self._connect, namespace=NAMESPACE)
        self._server.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self._answer("enter", EarlierIn, self._enter)
        self._answer("say", SayIn, self._say)
        self._answer("seen", SeenIn, self._seen)
        self._answer("reach", ReachIn, self._reach)
        self._answer("typing", TypingIn, self._types)
        self._server.on("*", self._unknown, namespace=NAMESPACE)
        on_writing(db, self._tell_writing)

    def attach(self, app: web.Application) -> None:
        """Serve ``/chat/socket.io`` in this application."""
        self._server.attach(app, PATH)

    async def run(self) -> None:
        """Look after the sockets, and tell them what is new, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._server.look_after_lines(SWEEP_S, admission_s=ADMISSION_S), name="look after chats")
            tasks.create_task(self._news.run(), name="tell visitors")

    async def close(self) -> None:
        """Send every visitor away, to come back to whoever serves then."""
        await self._server.close()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        try:
            line, request = environ[LINE], environ["aiohttp.request"]
        except KeyError:
            raise ConnectionRefused("This connection has been used already.") from None
        try:
            async with asyncio.timeout(ADMISSION_S):
                visitor = await self._admit(line, request, ComeIn.model_validate(auth))
        except Exception as error:
            problem = self._told(error)
            metrics.REFUSED.labels(str(problem.get("code"))).inc()
            raise ConnectionRefused(problem.get("title"), problem) from error
        line.admitted = True
        self._arriving[sid] = visitor
        environ.clear()  # it keeps the whole request, for as long as the socket is open

    async def _admit(self, line: Any, request: web.Request, given: ComeIn) -> Visitor:
        site = self._sites.get(given.site)
        if site is None:
            raise NotFound("There is no such site.")
        if request.headers.get("Origin") not in site.origins:
            raise Forbidden("This page is not one of the site's.")
        address = self._address_of(request)
        _use(self._comings, address)
        self._visitors.check_room(address)
        vouched = None
        if given.identity is not None and site.identity_secret is not None:
            vouched = read_identity(given.identity, site.identity_secret.get_secret_value(), now=datetime.now(UTC))
        async with self._db.begin() as tx:
            admitted = await webchat.admit(tx, site.name, token=given.token, vouched=vouched)
        return Visitor(
            line=line,
            site=Site(name=site.name, queue=site.queue, country=self._country),
            thread=Thread(source=site.name, visitor_id=admitted.visitor_id),
            visit=read_visit(given.visit),
            address=address,
            until=admitted.until,
            hello=_hello(admitted),
        )

    def _greet(self, sid: str) -> None:
        """They have been let in and know it: from this moment on they miss nothing."""
        visitor = self._arriving.pop(sid)
        self._here[sid] = visitor
        self._visitors.add(visitor)
        visitor.begin()
        metrics.SOCKETS.inc()

    async def _disconnect(self, sid: str, reason: str) -> None:
        visitor = self._here.pop(sid)
        self._visitors.remove(visitor)
        visitor.end()
        metrics.SOCKETS.dec()

    def _answer(self, name: str, model: type[Input], verb: Callable[[Visitor, Input], Awaitable[object]]) -> None:
        """What a visitor says under ``name`` is answered by what became of it, or by the problem."""

        async def handle(sid: str, *args: object) -> object:
            try:
                return await verb(self._here[sid], model.model_validate(args[0] if args else {}))
            except Exception as error:
                return self._told(error)

        self._server.on(name, handle, namespace=NAMESPACE)

    async def _enter(self, visitor: Visitor, given: EarlierIn) -> object:
        async with self._db.read() as reader:
            history = await chat_history(reader, visitor.thread, before=given.before)
            now = datetime.now(UTC)
            hours = await chat_hours(reader, visitor.site.queue, zone=self._timezone.key, now=now)
        return {"status": "here", "hours": hours.model_dump(mode="json"), **history.model_dump(mode="json")}

    async def _say(self, visitor: Visitor, given: SayIn) -> object:
        _use(self._of_address, visitor.address)
        _use(self._of_visitor, visitor.thread)
        stored = await keep(self._db, visitor.site, visitor.thread, visitor.visit, Said(key=given.key, text=given.text))
        return {"status": "stored", "id": str(stored.message_id), "at": stored.at.isoformat()}

    async def _seen(self, visitor: Visitor, given: SeenIn) -> object:
        _use(self._of_visitor, visitor.thread)
        async with self._db.begin() as tx:
            told = MessageState(given.state)
            await webchat.record_seen(tx, visitor.thread, given.ids, told, timezone=self._timezone)
        return {"status": "noted"}

    async def _reach(self, visitor: Visitor, given: ReachIn) -> object:
        async with self._db.begin() as tx:  # of its own, so that refused ones count as well
            await attempts.count(tx, [(f"chat:{visitor.address}", WISHES_PER_ADDRESS)])
        wish = given.as_form(_campaign(visitor))
        async with self._db.begin() as tx:
            await forms.take_down(tx, LEAD_SOURCE, wish, country=self._country, timezone=self._timezone)
        return {"status": "noted"}

    async def _types(self, visitor: Visitor, given: TypingIn) -> object:
        _use(self._of_visitor, visitor.thread)
        await visitor_writes(self._db, visitor.thread, is_writing=given.typing)
        return {"status": "noted"}

    def _tell_writing(self, writing: Writing) -> None:
        """A visitor sees that somebody writes, not who."""
        if writing.source is None or writing.thread is None:
            return
        thread = thread_of(writing.source, writing.thread)
        if thread is not None and self._visitors.of(thread):
            body = orjson.dumps({"typing": writing.is_writing}).decode()
            self._visitors.tell(thread, event_frame(NAMESPACE, "typing", body))

    async def _unknown(self, event: str, sid: str, *args: object) -> None:
        metrics.COUNTS.ignored.labels("unknown_event").inc()

    def _told(self, error: Exception) -> dict[str, Any]:
        """An error as the browser is told of it, in nothing but JSON."""
        problem: dict[str, Any] = orjson.loads(orjson.dumps(self._problem(error), default=str))
        return problem


def _use(allowances: Allowances, who: Hashable) -> None:
    """Raises:
    TooManyAttempts: with the time until there may be more.
    """
    wait = allowances.take(who)
    if wait is not None:
        raise TooManyAttempts(retry_after=wait)


def _hello(admitted: Admitted) -> Frame:
    told = {"token": admitted.token, "vouched": admitted.until is not None}
    return event_frame(NAMESPACE, "hello", orjson.dumps(told).decode())


def _campaign(visitor: Visitor) -> dict[str, str]:
    """What of a visit a lead keeps."""
    visit = visitor.visit
    told = {"page": visit.page, "referrer": visit.referrer}
    told |= {name: visit.tags.get(name) for name in FormIn.model_fields if name.startswith("utm_")}
    return {name: words for name, words in told.items() if words}
