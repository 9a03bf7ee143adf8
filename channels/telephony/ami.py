"""One link to one Asterisk, for as long as the program runs.

The link connects, logs in, learns which run of Asterisk it talks to, and is
then *up* until a ping goes unanswered or the connection breaks; then it tries
again, ever more slowly. It reads always and hands events on at once: Asterisk
has no replay and drops a listener that is slow. What was asked and not answered
when the link broke is told so, and is never said twice.

A link never raises: whatever the peer does becomes a :class:`LinkState`.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from panoramisk.message import Message

from channels.telephony.actions import Action
from channels.telephony.frames import Event, EventParser, FrameCounts, FrameCutter, MalformedFrame
from channels.telephony.protocol import AmiProtocol, LinkManager
from config.sections import Limits, PbxSettings
from crm_core.domain.errors import InputRejected, PbxUnavailable, PeerRefused

logger = structlog.get_logger(__name__)

#: The classes of events we ask for: not cel, reporting (RTCP), security, dtmf, test …
EVENT_CLASSES = "system,call,agent,dialplan,cdr,user"

#: An unreadable frame, or an event whose consumer failed, is kept for the doctor; the newest of each.
KEPT_FOR_THE_DOCTOR = 50

UNKNOWN_BOOT = "unknown"


class LinkStatus(StrEnum):
    """Whether we hear this PBX."""

    UP = "up"
    DOWN = "down"  # it is tried again, ever more slowly
    REFUSED = "refused"  # user or secret is wrong: a person must act; it is tried again once a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """The link at one moment. A new one is told at every change, never one equal to the last."""

    status: LinkStatus
    since: datetime
    error: str | None = None  # in words; None when up
    version: str | None = None  # of the AMI, from the banner
    boot: str | None = None  # when up: names this run of Asterisk, "2026-11-21T09:30:00"
    deaf_since: datetime | None = None  # when the last byte before this gap was heard; None: never heard yet


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimings:
    """How long the link waits for what. A dead peer is noticed within ``ping + answer``."""

    connect: timedelta = timedelta(seconds=5)  # until connected, and again until logged in
    fully_booted: timedelta = timedelta(seconds=3)  # users without read=system never hear of it
    ping: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=5)
    retry_first: timedelta = timedelta(seconds=0.5)
    retry_max: timedelta = timedelta(seconds=30)
    retry_refused: timedelta = timedelta(seconds=60)
    steady: timedelta = timedelta(seconds=30)  # up for so long: the next retry is quick again

    @classmethod
    def from_limits(cls, limits: Limits) -> LinkTimings:
        """The operator's numbers; the rest as it is."""
        return cls(
            connect=timedelta(seconds=limits.ami_connect_s),
            ping=timedelta(seconds=limits.ami_ping_s),
            answer=timedelta(seconds=limits.ami_answer_s),
            retry_max=timedelta(seconds=limits.ami_reconnect_max_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiResponse:
    """Asterisk's answer to one action."""

    success: bool
    message: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedEvent:
    """An event whose consumer raised: kept whole, so that the fault can be found."""

    event: Event
    error: str


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


class AmiLink:
    """A link to one PBX; ``run`` lives in the caller's task group until it is cancelled.

    ``on_event``, ``on_state`` and ``on_frame`` are plain functions, called by
    the reader itself in the order in which things happened: they must not wait.
    When one raises, what it was given is put aside and the link goes on. Events
    heard while logging in come before the UP state; a ``FullyBooted`` event
    after it means that Asterisk had still been loading: ask again what is alive.
    """

    def __init__(
        self,
        pbx: PbxSettings,
        *,
        on_event: Callable[[Event], None],
        on_state: Callable[[LinkState], None] | None = None,
        on_frame: Callable[[bytes], None] | None = None,
        event_classes: str = EVENT_CLASSES,
        timings: LinkTimings | None = None,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.counts = FrameCounts()
        self.malformed: deque[MalformedFrame] = deque(maxlen=KEPT_FOR_THE_DOCTOR)
        self.quarantine: deque[QuarantinedEvent] = deque(maxlen=KEPT_FOR_THE_DOCTOR)
        self._pbx = pbx
        self._on_event = on_event
        self._on_state = on_state
        self._on_frame = on_frame
        self._event_classes = event_classes
        self._timings = timings or LinkTimings()
        self._clock = clock
        self._jitter = jitter
        self._state = LinkState(status=LinkStatus.DOWN, since=clock(), error="not connected yet")
        self._logged: LinkStatus | None = None
        self._faults_logged: set[tuple[str, str]] = set()
        self._protocol: AmiProtocol | None = None  # only while up
        self._booted = asyncio.Event()
        self._heard_at: datetime | None = None
        self._failures = 0

    @property
    def state(self) -> LinkState:
        """The link now."""
        return self._state

    @property
    def heard_at(self) -> datetime | None:
        """The last byte, of whatever kind."""
        return self._heard_at

    async def run(self) -> None:
        """Hold the link, whatever the peer does; returns only by cancellation."""
        while True:
            try:
                await self._session()
            except (PeerRefused, InputRejected) as refusal:
                self._enter(LinkStatus.REFUSED, error=str(refusal))
                pause = self._timings.retry_refused
            except (PbxUnavailable, OSError, UnicodeError) as failure:  # UnicodeError: a host name that is none
                self._enter(LinkStatus.DOWN, error=_in_words(failure))
                pause = self._next_pause()
            await asyncio.sleep(pause.total_seconds())

    async def request(self, action: Action, *, timeout: timedelta | None = None) -> AmiResponse:
        """Say one thing to Asterisk and give back its answer, yes or no. It is said at most once.

        Raises:
            ActionRejected: it cannot be said; nothing was sent.
            PbxUnavailable: no link, or no answer in time; it may have been heard nevertheless.
        """
        (answer,) = await self._ask(self._up(), action, as_list=False, timeout=timeout)
        return _as_response(answer)

    async def request_list(self, action: Action, *, timeout: timedelta | None = None) -> list[Event]:
        """Ask for a list; gives its items, without the response before and the Complete event after them.

        Raises:
            ActionRejected: it cannot be said; nothing was sent.
            PbxUnavailable: no link, or the list did not end in time.
            PeerRefused: Asterisk answered with an error, such as a missing right.
        """
        first, *items = await self._ask(self._up(), action, as_list=True, timeout=timeout)
        response = _as_response(first)
        if not response.success:
            raise PeerRefused(f"{action['Action']} was refused: {response.message}", action=action["Action"])
        return [_headers(item) for item in items[:-1]]

    async def _session(self) -> None:
        manager = LinkManager(
            loop=asyncio.get_running_loop(),
            host=self._pbx.host,
            port=self._pbx.port,
            ssl=ssl.create_default_context() if self._pbx.tls else None,
            protocol_factory=self._new_protocol,
        )
        up_at: float | None = None
        try:
            version = await self._connect(manager)
            await self._log_in(manager.protocol)
            boot = await self._read_boot(manager.protocol)
            self._protocol = manager.protocol
            self._note_heard()
            up_at = manager.loop.time()
            self._enter(LinkStatus.UP, version=version, boot=boot)
            await self._keep_alive(manager.protocol)
        finally:
            self._protocol = None
            if up_at is not None and manager.loop.time() - up_at >= self._timings.steady.total_seconds():
                self._failures = 0
            manager.close()

    def _new_protocol(self) -> AmiProtocol:
        return AmiProtocol(
            cutter=FrameCutter(counts=self.counts, on_malformed=self._put_aside_frame),
            parser=EventParser(counts=self.counts, on_malformed=self._put_aside_frame),
            hear=self._hear,
            on_bytes=self._note_heard,
            on_frame=self._tap if self._on_frame else None,
        )

    async def _connect(self, manager: LinkManager) -> str:
        """Open the connection and read the banner; gives the AMI version it names."""
        self._booted.clear()
        limit = self._timings.connect.total_seconds()
        try:
            async with asyncio.timeout(limit):
                await manager.connect()
        except TimeoutError:
            raise PbxUnavailable(f"no connection within {limit:g} s") from None
        protocol = manager.protocol
        await asyncio.wait({protocol.greeted, protocol.ended}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if protocol.ended.done():
            raise PbxUnavailable(protocol.ended.result())
        if not protocol.greeted.done():
            raise PbxUnavailable(f"connected, but nothing is said within {limit:g} s: is this the AMI port?")
        version: str = protocol.greeted.result()
        return version

    async def _log_in(self, protocol: AmiProtocol) -> None:
        login = {
            "Action": "Login",
            "Username": self._pbx.username,
            "Secret": self._pbx.secret.get_secret_value(),
            "Events": self._event_classes,
        }
        (answer,) = await self._ask(protocol, login, as_list=False, timeout=self._timings.connect)
        response = _as_response(answer)
        if not response.success:
            raise PeerRefused(f"login refused: {response.message or 'no reason given'}")
        try:
            async with asyncio.timeout(self._timings.fully_booted.total_seconds()):
                await self._booted.wait()
        except TimeoutError:
            logger.debug("no word of FullyBooted", action="ami_not_fully_booted", pbx=self._pbx.name)

    async def _read_boot(self, protocol: AmiProtocol) -> str:
        """When this run of Asterisk began, by its own clock: Linkedids repeat only after that."""
        (answer,) = await self._ask(protocol, {"Action": "CoreStatus"}, as_list=False, timeout=None)
        status = _headers(answer)
        date, time = status.get("CoreStartupDate"), status.get("CoreStartupTime")
        if not date or not time:
            logger.warning("this user may not read CoreStatus", action="ami_boot_unknown", pbx=self._pbx.name)
            return UNKNOWN_BOOT
        return f"{date}T{time}".replace(" ", "")

    async def _keep_alive(self, protocol: AmiProtocol) -> None:
        """Ping for ever; a connection that is half open says nothing by itself.

        Raises:
            PbxUnavailable: always, in the end, with the reason in words.
        """
        while True:
            await asyncio.wait({protocol.ended}, timeout=self._timings.ping.total_seconds())
            if protocol.ended.done():
                raise PbxUnavailable(protocol.ended.result())
            try:
                await self._ask(protocol, {"Action": "Ping"}, as_list=False, timeout=None)
            except PbxUnavailable as silence:
                protocol.end(str(silence))
                raise

    async def _ask(
        self, protocol: AmiProtocol, action: Action, *, as_list: bool, timeout: timedelta | None
    ) -> list[Message]:
        limit = (timeout or self._timings.answer).total_seconds()
        future = protocol.send(action, as_list=as_list)
        try:
            async with asyncio.timeout(limit):
                answer = await future
        except TimeoutError:
            raise PbxUnavailable(f"no answer to {action['Action']} within {limit:g} s") from None
        finally:
            protocol.forget(future)
        return answer if isinstance(answer, list) else [answer]

    def _up(self) -> AmiProtocol:
        if self._protocol is None:
            raise PbxUnavailable(f"No link to the telephone system: {self._state.error or 'it is being set up'}.")
        return self._protocol

    def _note_heard(self) -> None:
        if self._protocol is not None:
            self._heard_at = self._clock()

    def _hear(self, event: Event) -> None:
        if self._protocol is None and event["Event"] == "FullyBooted":
            self._booted.set()
            return
        try:
            self._on_event(event)
        except Exception as fault:
            self.quarantine.append(QuarantinedEvent(event=event, error=repr(fault)))
            self._log_fault(event["Event"], fault)

    def _tap(self, frame: bytes) -> None:
        assert self._on_frame is not None
        try:
            self._on_frame(frame)
        except Exception as fault:
            self._log_fault("frame", fault)

    def _put_aside_frame(self, frame: MalformedFrame) -> None:
        if not self.malformed:  # say it once; the counts say how many
            logger.warning(
                "ami frame is malformed", action="ami_frame_malformed", pbx=self._pbx.name, reason=frame.reason
            )
        self.malformed.append(frame)

    def _log_fault(self, what: str, fault: Exception) -> None:
        kind = (what, type(fault).__name__)
        if kind not in self._faults_logged:  # say it once; the quarantine holds the rest
            self._faults_logged.add(kind)
            logger.error(
                "a listener of the ami link failed",
                action="ami_listener_failed",
                pbx=self._pbx.name,
                ami_event=what,
                exc_info=fault,
            )

    def _next_pause(self) -> timedelta:
        """Doubling up to the longest; jittered, so that many nodes do not come back in one moment."""
        growing = self._timings.retry_first * (1 << min(self._failures, 16))
        self._failures += 1
        return min(growing, self._timings.retry_max) * (0.5 + self._jitter() / 2)

    def _enter(
        self, status: LinkStatus, *, error: str | None = None, version: str | None = None, boot: str | None = None
    ) -> None:
        before, now = self._state, self._clock()
        state = LinkState(
            status=status,
            since=now if status is not before.status else before.since,
            error=error,
            version=version,
            boot=boot,
            deaf_since=self._heard_at if before.status is LinkStatus.UP else before.deaf_since,
        )
        if state == before:
            return
        self._state = state
        self._log_change(state, now)
        if self._on_state is not None:
            try:
                self._on_state(state)
            except Exception as fault:
                self._log_fault(f"state {status}", fault)

    def _log_change(self, state: LinkState, now: datetime) -> None:
        if state.status is self._logged:  # once when lost, not at every attempt
            return
        self._logged = state.status
        log = logger.bind(pbx=self._pbx.name)
        match state.status:
            case LinkStatus.UP:
                gap_s = (now - state.deaf_since).total_seconds() if state.deaf_since else None
                log.info("ami link up", action="ami_link_up", boot=state.boot, gap_s=gap_s)
            case LinkStatus.DOWN:
                log.warning("ami link lost", action="ami_link_lost", error=state.error)
            case LinkStatus.REFUSED:
                log.error("ami login refused", action="ami_login_refused", error=state.error)


def _in_words(failure: Exception) -> str:
    return str(failure) or type(failure).__name__


def _headers(message: Message) -> Event:
    """panoramisk's message as a plain dictionary, without the ``content`` it adds."""
    return {name: value for name, value in message.items() if name != "content"}


def _as_response(message: Message) -> AmiResponse:
    headers = _headers(message)
    return AmiResponse(
        success=headers.get("Response") == "Success", message=headers.get("Message", ""), headers=headers
    )
