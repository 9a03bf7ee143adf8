"""An AMI server that plays recordings: for tests, for bug reports, and for the demo.

To a client it is an Asterisk on loopback that lets anybody in. Several clients
may be connected; all hear the same calls. What is asked is answered from what
is being played at that moment, and what is done (a pause, a hang-up, a
click-to-call) changes what is played from there on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import click
import structlog

from channels.telephony.frames import END_OF_FRAME
from channels.telephony.played_pbx import Headers, PlayedChannel, PlayedPbx, stamped
from channels.telephony.player_answers import OriginateAsked, PbxAnswers
from channels.telephony.player_session import Session
from channels.telephony.recording_format import About, RecordedFrame, Recording, load_all
from channels.telephony.retelling import (
    FreshIds,
    Member,
    Retelling,
    cast_of,
    is_said_to_all,
    is_told_again,
    members_of,
    people,
)

logger = structlog.get_logger(__name__)

#: A caller whose phone was declined stays in the line for a moment, then gives up.
PATIENCE_AFTER_DECLINE_S = 4.0
#: A client that has just logged in asks what is alive before the first call comes.
SETTLING_S = 0.25
#: Frames that are due at once are written in bites, so that clients can read in between.
_BITE = 200


@dataclass(eq=False, slots=True)
class PlayedCall:
    """One recording being played."""

    frames: tuple[RecordedFrame, ...]
    retelling: Retelling
    is_fresh: bool  # its events bear the time at which they are played, not the recorded one
    speed: float
    over: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: tuple[str, int] | None = None  # the channel somebody ended by an action, and the cause
    shift: float | None = None  # from recorded time to now; None: no event has told a time yet
    stamp: float = 0.0  # the shifted time of the last event, as of `told_at`
    told_at: float = 0.0

    def hang_up(self, channel: str, cause: int) -> None:
        """Whatever was to come is replaced by the end of that channel, and of the call."""
        self.hung_up = channel, cause
        self.cut.set()


class AmiPlayer:
    """Plays recordings to whoever connects, within ``async with player.listening(): …``.

    ``choose_outbound`` is asked which recording an Originate shall play; without
    it the ``outbound`` ones take turns. ``on_start`` is told of every call as it begins.
    """

    def __init__(
        self,
        *,
        about: About | None = None,
        members: Iterable[Member] = (),
        outbound: Sequence[Recording] = (),
        choose_outbound: Callable[[OriginateAsked], Recording | None] | None = None,
        on_start: Callable[[PlayedCall], object] | None = None,
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.port = 0
        self.logins = 0
        self._outbound = list(outbound)
        self._choose_outbound = choose_outbound or self._take_turns
        self._on_start = on_start
        self._speed = speed
        self._clock = clock
        self._pbx = PlayedPbx()
        self._pbx.add_members(members)
        self._ids = FreshIds(clock)
        self._sessions: set[Session] = set()
        self._owners: dict[str, PlayedCall] = {}  # Uniqueid of a live channel → the call it was played by
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._logged_in = asyncio.Event()
        self._answers = PbxAnswers(
            self._pbx,
            about=about or About(),
            clock=clock,
            tell=self._tell_now,
            originate=self._originate,
            hang_up=self._hang_up,
        )

    @property
    def paused_interfaces(self) -> Mapping[str, str]:
        """Interface → reason, of every phone that some queue may not ring now."""
        return self._pbx.paused

    @property
    def busy_interfaces(self) -> set[str]:
        """Devices with a live channel."""
        return self._pbx.busy

    @property
    def clients(self) -> int:
        """How many are logged in."""
        return sum(session.is_logged_in for session in self._sessions)

    async def wait_for_login(self, *, after: int = 0) -> None:
        """Until there have been more than ``after`` logins (see ``logins``): by default, until there was one."""
        while self.logins <= after:
            self._logged_in.clear()
            await self._logged_in.wait()

    @contextlib.asynccontextmanager
    async def listening(self, *, port: int = 0) -> AsyncIterator[Self]:
        """Serve on loopback; 0 takes any free port, ``port`` then says which.

        Raises:
            OSError: the port is taken.
        """
        async with asyncio.TaskGroup() as self._tasks:
            server = await asyncio.start_server(self._accept, "127.0.0.1", port)
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield self
            finally:
                server.close()
                for session in self._sessions:
                    session.cut_off()
                for task in self._running:
                    task.cancel()

    def start(self, recording: Recording, *, replace: Mapping[str, str] | None = None) -> PlayedCall:
        """Play a recording now, with fresh ids and times.

        ``replace`` gives other words for recorded ones, whole, wherever they
        stand: numbers, names, devices; what follows from them is replaced too.
        """
        replaced = people(replace or {})
        words = self._ids.words_for(recording, devices=replaced) | replaced
        return self._start(recording, Retelling(words), is_fresh=True)

    def start_as_recorded(self, recording: Recording) -> PlayedCall:
        """Play a recording now as it was heard, old ids and all, as if it happened now.

        Its times are as far apart as they were at any speed, and none of them lies in the future.
        """
        return self._start(recording, Retelling({}), is_fresh=False)

    def _start(self, recording: Recording, retelling: Retelling, *, is_fresh: bool) -> PlayedCall:
        call = PlayedCall(
            frames=tuple(frame for frame in recording.frames if _is_played(frame, is_fresh=is_fresh)),
            retelling=retelling,
            is_fresh=is_fresh,
            speed=self._speed,
        )
        self._own(self._play(call))
        if self._on_start is not None:
            self._on_start(call)
        return call

    async def _play(self, call: PlayedCall) -> None:
        try:
            await self._tell_all(call)
            if call.hung_up is not None:
                await self._end_early(call, *call.hung_up)
        finally:
            call.over.set()

    async def _tell_all(self, call: PlayedCall) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        first_at = call.frames[0].at if call.frames else 0.0
        for number, frame in enumerate(call.frames):
            due = begun + (frame.at - first_at) / call.speed if call.speed else begun
            if due > loop.time():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await call.cut.wait()
            elif number % _BITE == 0:
                await self._let_clients_read()
            if call.cut.is_set():
                return
            self._tell_frame(call, frame)

    def _tell_frame(self, call: PlayedCall, frame: RecordedFrame) -> None:
        if frame.raw is not None:
            for session in self._sessions:
                if session.is_logged_in:
                    session.write(frame.raw + END_OF_FRAME)
            return
        call.told_at = self._clock()
        headers = call.retelling.tell(frame.headers)
        recorded = _stamp(frame)
        if call.is_fresh:
            headers = stamped(headers, call.told_at)
        elif recorded is not None:
            if call.shift is None:
                call.shift = call.told_at - recorded - _time_saved(call)
            call.stamp = recorded + call.shift
            headers = stamped(headers, call.stamp)
        if frame.event == "Newchannel":
            self._owners[dict(headers).get("Uniqueid", "")] = call
        elif frame.event == "QueueMemberStatus":
            headers = self._pbx.with_present_pause(headers)
        self._tell(headers)

    async def _end_early(self, call: PlayedCall, name: str, cause: int) -> None:
        channel = self._pbx.find_channel(name)
        if channel is not None:
            was_ringing = channel.is_ringing
            self._tell_end(call, self._pbx.end_leg(channel, cause))
            if was_ringing and self._linkedids(call):
                await asyncio.sleep(PATIENCE_AFTER_DECLINE_S / (call.speed or 1.0))
        for linkedid in self._linkedids(call):
            self._tell_end(call, self._pbx.end_call(linkedid))

    def _linkedids(self, call: PlayedCall) -> set[str]:
        """What is still alive of it."""
        return {
            channel.fields.get("Linkedid", "")
            for uniqueid, channel in self._pbx.channels.items()
            if self._owners.get(uniqueid) is call
        }

    def _tell_end(self, call: PlayedCall, events: list[Headers]) -> None:
        now = self._clock()
        stamp = now if call.is_fresh else call.stamp + (now - call.told_at)
        for headers in events:
            self._tell(stamped(headers, stamp))

    def _tell(self, headers: Headers) -> None:
        self._pbx.hear(headers, self._clock())
        if headers[0] == ("Event", "Hangup"):
            self._owners.pop(dict(headers).get("Uniqueid", ""), None)
        for session in self._sessions:
            session.tell(headers)

    async def _let_clients_read(self) -> None:
        for session in list(self._sessions):
            await session.drain()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._own(self._serve(Session(reader, writer, answer=self._answers.answer, on_login=self._note_login)))

    def _note_login(self) -> None:
        self.logins += 1
        self._logged_in.set()

    async def _serve(self, session: Session) -> None:
        self._sessions.add(session)
        try:
            await session.run()
        except Exception:  # a fault of ours ends this client's connection, not the others'
            logger.exception("ami player session failed", action="ami_player_session_failed")
        finally:
            self._sessions.discard(session)

    def _own(self, work: Coroutine[None, None, None]) -> None:
        assert self._tasks is not None, "not listening"
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _originate(self, asked: OriginateAsked) -> bool:
        recording = self._choose_outbound(asked)
        if recording is not None:
            self._start(recording, self._as_asked(recording, asked), is_fresh=True)
        return recording is not None

    def _as_asked(self, recording: Recording, asked: OriginateAsked) -> Retelling:
        """The recorded click-to-call with the phone, the number and the ids of this one."""
        cast = cast_of(recording)
        phone = cast.phones[0] if cast.phones else ""
        replaced = people({phone: asked.channel, cast.client_number: asked.exten})
        words = self._ids.words_for(recording, devices=replaced) | replaced
        answer = next((frame for frame in recording.frames if frame.event == "OriginateResponse"), None)
        if asked.channel_id:
            words[cast.linkedid] = asked.channel_id
        if asked.action_id and answer is not None:
            words[answer.get("ActionID")] = asked.action_id
        return Retelling(words)

    def _take_turns(self, asked: OriginateAsked) -> Recording | None:
        if not self._outbound:
            return None
        recording = self._outbound.pop(0)
        self._outbound.append(recording)
        return recording

    def _hang_up(self, channel: PlayedChannel, cause: int) -> bool:
        owner = self._owners.get(channel.fields.get("Uniqueid", ""))
        if owner is None:
            return False
        owner.hang_up(channel.name, cause)
        if owner.over.is_set():  # the recording ended with the call still up
            self._own(self._end_early(owner, channel.name, cause))
        return True

    def _tell_now(self, headers: Headers) -> None:
        self._tell(stamped(headers, self._clock()))


async def serve(
    files: Sequence[Path],
    *,
    port: int = 0,
    speed: float = 1.0,
    announce: Callable[[str], object] = click.echo,
) -> None:
    """Play files to whoever logs in, one after another, until cancelled.

    A directory is a recording in segments, and files that are segments of one
    recording are played as one. Recordings that answer an Originate are played when one is asked for; the
    others begin at a login, and again at a login after they have all ended.
    ``speed`` 0 is as fast as clients read.

    Raises:
        RecordingUnreadable: one of the files is no recording.
        OSError: the port is taken.
    """
    recordings = load_all(files)
    outbound = [recording for recording in recordings if cast_of(recording).is_originated]
    by_themselves = [recording for recording in recordings if not cast_of(recording).is_originated]
    about = next((recording.about for recording in recordings if recording.about.boot), About())
    player = AmiPlayer(about=about, members=members_of(recordings), outbound=outbound, speed=speed)
    async with player.listening(port=port):
        announce(f"listening on 127.0.0.1:{player.port}")
        heard_by = 0
        while True:
            await player.wait_for_login(after=heard_by)
            await asyncio.sleep(SETTLING_S)
            for recording in by_themselves:
                await player.start_as_recorded(recording).over.wait()
            heard_by = player.logins


def _is_played(frame: RecordedFrame, *, is_fresh: bool) -> bool:
    if is_fresh:
        return is_told_again(frame)
    return frame.raw is not None or is_said_to_all(frame)


def _time_saved(call: PlayedCall) -> float:
    """How many seconds sooner than it happened the recording will be told."""
    stamps = [stamp for stamp in map(_stamp, call.frames) if stamp is not None]
    lasted = stamps[-1] - stamps[0]
    return max(lasted - lasted / call.speed, 0.0) if call.speed else lasted


def _stamp(frame: RecordedFrame) -> float | None:
    try:
        return float(frame.get("Timestamp"))
    except ValueError:
        return None
