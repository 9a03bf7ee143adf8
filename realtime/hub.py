"""The desk's sockets: who is behind each, what they hear, and that they hear it in order.

A socket is told every event of its rooms once, in the public order, from the
sequence that its ``hello`` named. A browser that was away states the last event
it saw, and is told what it missed before anything newer. What can no longer be
told again is answered with ``reload``.
Rights are asked again every few seconds: a socket whose session has ended, or
whose owner's rights have changed, is closed, and whoever comes back is judged anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from aiohttp import WSCloseCode, web
from pydantic import BaseModel, ConfigDict, Field
from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

from crm_core.actions.sessions import Principal, still_valid
from crm_core.actions.writing import we_write
from crm_core.domain.errors import InputRejected
from crm_core.domain.events import Room
from crm_core.store import outbox
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.outage import Outage
from crm_core.store.outbox import OutboxRow, Window
from crm_core.store.signals import Writing, on_writing
from crm_core.views.users import User, get_user
from crm_core.views.wire_events import Answering, Hello, Reload
from realtime import metrics
from realtime.desk import Desk
from realtime.frames import NAMESPACE, Encoded, encode_rows, event_frame
from sockets.line import LINE, Backlog, Line
from sockets.server import SocketServer, say_goodbye

#: Who sends this request; the second argument is the token a program gave in ``auth``, if it did.
#: Raises a ``CrmError`` when it is nobody we know.
Authenticate = Callable[[web.Request, str | None], Awaitable[Principal]]

#: The RFC 9457 object for whatever went wrong, the same that the HTTP interface answers.
Problem = Callable[[Exception], Mapping[str, object]]

#: Rights, silence and slowness are looked at this often.
SWEEP_S = 2.0
#: A websocket must have said who it is within this.
ADMISSION_S = 10.0
#: Missed events are read in pieces of this many.
MISSED_LIMIT = 200


class ResumeInput(BaseModel):
    """What ``resume`` carries: the last event the browser saw."""

    model_config = ConfigDict(extra="forbid", strict=True)

    after: int = Field(ge=0)


class AnsweringInput(BaseModel):
    """What ``answering`` carries: who has a conversation before them writes in it, or has stopped."""

    model_config = ConfigDict(extra="forbid")

    interaction_id: UUID
    is_writing: bool


class DeskHub:
    """All desk sockets of this node."""

    def __init__(
        self,
        db: Database,
        *,
        authenticate: Authenticate,
        problem: Problem,
        public_url: str,
        version: str,
        window: Window | None = None,
        backlog: Backlog | None = None,
    ) -> None:
        self._db = db
        self._authenticate = authenticate
        self._problem = problem
        self._public_origin = urlsplit(public_url)._replace(path="").geturl()
        self._version = version
        self._window = window or Window()
        self._arriving: dict[str, tuple[Desk, User]] = {}
        self._desks: dict[str, Desk] = {}
        self._rooms: dict[Room, set[Desk]] = {}
        self._taken = 0  # the newest event that the relay has begun to pass on here
        self._begun = asyncio.Event()
        self.people_changed = asyncio.Event()
        self._server = SocketServer(
            namespace=NAMESPACE,
            connected=self._greet,
            origin_allowed=self._origin_allowed,
            backlog=backlog or Backlog(),
            counts=metrics.COUNTS,
        )
        self._server.on("connect", self._connect, namespace=NAMESPACE)
        self._server.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self._server.on("resume", self._resume, namespace=NAMESPACE)
        self._server.on("answering", self._answering, namespace=NAMESPACE)
        self._server.on("*", self._unknown, namespace=NAMESPACE)
        on_writing(db, self._tell_writing)

    def attach(self, app: web.Application) -> None:
        """Serve ``/socket.io`` in this application."""
        self._server.attach(app, "socket.io")

    async def run(self) -> None:
        """Look after the sockets until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            watching = self._server.look_after_lines(SWEEP_S, admission_s=ADMISSION_S)
            tasks.create_task(watching, name="look after lines")
            tasks.create_task(self._judge_for_ever(), name="judge desks")

    async def close(self) -> None:
        """Send every browser away, to come back to whoever serves then; from now on nobody is let in."""
        await self._server.close()

    @property
    def lines(self) -> Collection[Line]:
        """All open websockets, also those that have not said who they are."""
        return self._server.lines

    def people(self) -> set[UUID]:
        """Who has a desk open at this node; ``people_changed`` is set whenever that may have changed."""
        return {desk.principal.viewer.user_id for desk in self._desks.values()}

    def begin(self, seq: int) -> None:
        """Everything up to ``seq`` is past. If we knew of more, history was lost: everybody reads again."""
        lost = self._taken > seq
        self._taken = seq
        self._begun.set()
        if lost:
            for desk in self._desks.values():
                self._reload(desk)

    def take(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """Those of the next rows that somebody here will hear; for whoever comes later they are past."""
        if rows:
            self._taken = rows[-1].seq
        return [row for row in rows if any(room in self._rooms for room in row.rooms)]

    def give(self, events: Sequence[Encoded]) -> None:
        """Pass on what was taken."""
        for event in events:
            for desk in self._listeners(event.rooms):
                desk.tell(event.seq, event.frame)
            metrics.DELIVERED.labels(event.name).inc()

    def _listeners(self, rooms: Iterable[Room]) -> set[Desk]:
        return set().union(*(self._rooms.get(room, ()) for room in rooms))

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        try:
            line, request = environ[LINE], environ["aiohttp.request"]
        except KeyError:
            raise ConnectionRefused("This connection has been used already.") from None
        try:
            principal, user = await self._admit(request, auth)
        except Exception as error:
            problem = self._answer(error)
            metrics.REFUSED.labels(str(problem.get("code"))).inc()
            raise ConnectionRefused(problem.get("title"), problem) from error
        line.admitted = True
        self._arriving[sid] = (Desk(line, principal), user)
        environ.clear()  # it keeps the whole request, for as long as the socket is open

    async def _admit(self, request: web.Request, auth: object) -> tuple[Principal, User]:
        async with asyncio.timeout(ADMISSION_S):
            await self._begun.wait()
            principal = await self._authenticate(request, _token(auth))
            async with self._db.read() as reader:
                return principal, await get_user(reader, principal.viewer.user_id)

    def _greet(self, sid: str) -> None:
        """They have been let in and know it: from this moment on they miss nothing."""
        desk, user = self._arriving.pop(sid)
        self._desks[sid] = desk
        for room in desk.rooms:
            self._rooms.setdefault(room, set()).add(desk)
        # What the relay is passing on at this moment is past for them: it is told by `resume` alone.
        hello = Hello(seq=self._taken, user=user, version=self._version, at=datetime.now(UTC))
        desk.greet(self._taken, event_frame("hello", hello))
        metrics.SOCKETS.inc()
        self.people_changed.set()

    async def _disconnect(self, sid: str, reason: str) -> None:
        desk = self._desks.pop(sid)
        desk.stop_waiting()
        for room in desk.rooms:
            listeners = self._rooms[room]
            listeners.remove(desk)
            if not listeners:
                del self._rooms[room]
        desk.line.forget()
        metrics.SOCKETS.dec()
        self.people_changed.set()

    async def _resume(self, sid: str, *args: object) -> dict[str, object]:
        desk = self._desks[sid]
        try:
            after = ResumeInput.model_validate(args[0] if args else None).after
            if desk.resuming:
                raise InputRejected("What was missed is being sent already.")
            desk.resuming = True
            desk.hold_back()
            try:
                return await self._catch_up(desk, after)
            finally:
                desk.resuming = False
                desk.release()
        except Exception as error:
            return self._answer(error)

    async def _catch_up(self, desk: Desk, after: int) -> dict[str, object]:
        async with self._db.read() as reader:
            if not await outbox.can_resume(reader, after, self._window):
                self._reload(desk)
                return {"status": "reload"}
        desk.newest = max(desk.newest, after)
        cursor = after
        while cursor < desk.told_from and not desk.line.ended:
            async with self._db.read() as reader:
                rows = await outbox.read_missed(
                    reader, cursor, until=desk.told_from, rooms=desk.rooms, limit=MISSED_LIMIT
                )
                missed = await encode_rows(reader, rows)
            for event in missed:
                desk.line.offer(event.frame)
                await desk.line.relieved()
            cursor = rows[-1].seq if len(rows) == MISSED_LIMIT else desk.told_from
        desk.told_from = min(desk.told_from, after)
        await desk.release_in_step()
        return {"status": "resumed", "seq": desk.newest}

    async def _answering(self, sid: str, *args: object) -> dict[str, object]:
        """Colleagues who have the conversation before them as well see that somebody answers."""
        try:
            given = AnsweringInput.model_validate(args[0] if args else None)
            viewer = self._desks[sid].principal.viewer
            await we_write(self._db, viewer, given.interaction_id, is_writing=given.is_writing)
        except Exception as error:
            return self._answer(error)
        return {"status": "noted"}

    def _tell_writing(self, writing: Writing) -> None:
        """Beside the order of events: it is over in a few seconds, and never told again."""
        listeners = self._listeners(writing.rooms)
        if not listeners:
            return
        frame = event_frame(
            "conversation.answering",
            Answering(
                interaction_id=writing.interaction_id,
                agent_id=writing.agent_id,
                name=writing.name,
                is_writing=writing.is_writing,
                at=writing.at,
            ),
        )
        for desk in listeners:
            if desk.principal.viewer.user_id != writing.agent_id:
                desk.line.offer(frame)

    def _reload(self, desk: Desk) -> None:
        """Snapshots read from now on hold everything up to this moment."""
        reload = Reload(seq=self._taken, version=1, at=datetime.now(UTC))
        desk.begin(self._taken, event_frame("reload", reload))

    async def _unknown(self, event: str, sid: str, *args: object) -> None:
        metrics.COUNTS.ignored.labels("unknown_event").inc()

    def _origin_allowed(self, origin: str, request: web.Request) -> bool:
        """Browsers say whose page opened the socket: ours, under its public name or the one it was asked by."""
        return origin in {self._public_origin, f"http://{request.host}", f"https://{request.host}"}

    async def _judge_for_ever(self) -> None:
        outage = Outage("rights of open desks")
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self._close_the_unwelcome()
                outage.over()
            except DATABASE_AWAY as error:  # nobody can be judged, so nobody is sent away
                await outage.wait(error)

    async def _close_the_unwelcome(self) -> None:
        judged = {desk.principal for desk in self._desks.values()}
        if not judged:
            return
        async with self._db.read() as reader:
            unwelcome = judged - await still_valid(reader, judged)
        lines = [desk.line for desk in self._desks.values() if desk.principal in unwelcome]
        await say_goodbye(lines, WSCloseCode.POLICY_VIOLATION, "rights have changed")

    def _answer(self, error: Exception) -> dict[str, Any]:
        """An error as the browser is told of it, in nothing but JSON."""
        problem: dict[str, Any] = orjson.loads(orjson.dumps(self._problem(error), default=str))
        return problem


def _token(auth: object) -> str | None:
    """The token of ``auth: {token}``; browsers give none.

    Raises:
        InputRejected: it is something else.
    """
    token = auth.get("token") if isinstance(auth, dict) else auth
    if token is None:
        return None
    if not isinstance(token, str) or not 0 < len(token) <= 500:
        raise InputRejected("auth must be an object with a token.")
    return token
