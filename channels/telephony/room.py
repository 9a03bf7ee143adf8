"""One PBX of the settings, as this process lives with it.

A node owns a PBX by a lock of the database. Only the owner hears it, stores
its calls, and says to it what people ask; the queues' pauses follow the
managers' states. Losing the lock for a moment closes nothing: hearing goes on
into the inbox, and nothing is said until the lock is held again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog

from channels.telephony import commands, marks
from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings, utc_now
from channels.telephony.frames import Event
from channels.telephony.history.repairer import Repairer
from channels.telephony.inbox import Dropped, Inbox
from channels.telephony.intake import ABSENCE, Intake
from channels.telephony.naming import dialect_of
from channels.telephony.recorder import keep_recording
from channels.telephony.recording_segments import Limits
from channels.telephony.recordings import RecordingFinder
from channels.telephony.resync import QueueMember, ask_standing
from config.sections import PbxSettings
from config.settings import Settings
from crm_core.actions import agents, catalogues, links
from crm_core.actions.calls import record_call_refused
from crm_core.domain.errors import CrmError, PeerUnavailable
from crm_core.domain.people import OFFLINE_PAUSE, WRAP_UP_PAUSE
from crm_core.store import commands as asked
from crm_core.store.database import DATABASE_AWAY, Database, Transaction, woken_within
from crm_core.store.locks import holding
from crm_core.store.outage import Outage
from crm_core.views.catalogues import list_pause_reasons

logger = structlog.get_logger(__name__)

Result = TypeVar("Result")

#: Commands wake us at once; this is the safety net.
COMMAND_POLL = timedelta(seconds=1)
#: How often the database is told that we still hear; a crash's gap begins at the last of these.
HEARTBEAT = timedelta(seconds=5)


class PbxRoom:
    """Its link, its inbox, the intake behind it, and the commands to it."""

    def __init__(self, pbx: PbxSettings, settings: Settings, database: Database) -> None:
        self._pbx = pbx
        self._country = settings.country
        self._database = database
        self._dialect = dialect_of(pbx)
        self.inbox = Inbox(
            Path(settings.data_dir) / "spool" / pbx.name,
            size=settings.limits.ami_inbox,
            spool_bytes=settings.limits.ami_spool_bytes,
            on_dropped=self._tell_dropped,
        )
        self.link = AmiLink(
            pbx, on_event=self._hear, on_state=self._states_changed, timings=LinkTimings.from_limits(settings.limits)
        )
        self._intake = Intake(self._dialect, self.inbox, database, country=settings.country, timezone=settings.timezone)
        self._finder = RecordingFinder(pbx, database)
        self._flight_records = Path(settings.data_dir) / "recorder" / pbx.name
        self._repairer = Repairer(pbx, self._dialect, settings, database)
        self._outage = Outage(f"the database, for the link of {pbx.name}")
        self._owned = asyncio.Event()
        self._backend: int | None = None  # holds our lock
        self.in_line = asyncio.Event()  # asked what is alive at least once
        self._state_changed = asyncio.Event()
        self._wanted_resync = asyncio.Event()

    async def run(self) -> None:
        """Own the PBX whenever no other node does; returns only by cancellation."""
        # This ends what a process before us left in the spool.
        self._go_deaf(since=None, cause=ABSENCE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._own())
            tasks.create_task(self.inbox.run())
            tasks.create_task(self._intake.run(self._owned))
            tasks.create_task(self._follow_link())
            tasks.create_task(self._obey())
            tasks.create_task(self._finder.run())
            tasks.create_task(self._record_flight())
            tasks.create_task(self._repairer.run(self._owned))

    async def _own(self) -> None:
        """Hold the lock; the link lives from the first time it is held."""
        async with asyncio.TaskGroup() as tasks:
            linked = False
            outage = Outage(f"the lock of pbx {self._pbx.name}")
            while True:
                try:
                    async with holding(self._database, f"pbx:{self._pbx.name}") as lock:
                        outage.over()
                        self._backend = lock.backend
                        self._owned.set()
                        self._state_changed.set()  # and whose link it is
                        if not linked:
                            tasks.create_task(self.link.run())
                            linked = True
                        await lock.lost.wait()
                        raise ConnectionError("its connection ended")
                except DATABASE_AWAY as lost:
                    self._owned.clear()
                    await outage.wait(lost)

    async def _record_flight(self) -> None:
        """Keep the last of what the PBX said, where the settings ask for it."""
        limits = Limits.of(self._pbx)
        if limits is not None:
            await self._owned.wait()
            await keep_recording(self._pbx, self._flight_records, limits)

    # Hearing. All are called by the reader itself, or the inbox, and never wait.

    def _hear(self, event: Event) -> None:
        self.inbox.put(event, utc_now())
        if event.get("Event") == "FullyBooted":
            self._want_resync()  # Asterisk had still been loading at the login

    def _states_changed(self, state: LinkState) -> None:
        if state.status is LinkStatus.UP:
            self._hear_again(state)
        else:
            self._go_deaf(since=state.deaf_since, cause=state.error or "the link was lost")
        self._state_changed.set()

    def _tell_dropped(self, hole: Dropped) -> None:
        """Some events found no room even on disk: as good as not having listened for that time."""
        cause = f"the spool on disk was full: {hole.count} events were dropped"
        self._go_deaf(since=hole.first_at, cause=cause, missed=True)
        if self.link.state.status is LinkStatus.UP:
            self._hear_again(self.link.state)

    def _go_deaf(self, *, since: datetime | None, cause: str, missed: bool = False) -> None:
        self.inbox.put(marks.write(marks.Deaf(since=since, cause=cause, missed=missed)), utc_now())

    def _hear_again(self, state: LinkState) -> None:
        assert state.boot is not None
        self.inbox.put(marks.write(marks.Up(boot=state.boot)), utc_now())
        self._want_resync()

    def _want_resync(self) -> None:
        self._wanted_resync.set()
        self._state_changed.set()

    # Following the link

    async def _follow_link(self) -> None:
        """Write the link's state down, and after every login ask what is alive."""
        await self._owned.wait()
        await self._intake.remembers.wait()  # what is written here would change what there is to remember
        while True:
            self._state_changed.clear()
            await self._transact(self._note_state)
            if self._wanted_resync.is_set() and self.link.state.status is LinkStatus.UP:
                self._wanted_resync.clear()
                await self._resync()
            try:
                async with asyncio.timeout(HEARTBEAT.total_seconds()):
                    await self._state_changed.wait()
            except TimeoutError:
                continue

    async def _note_state(self, tx: Transaction) -> None:
        state, heard_at = self.link.state, self.link.heard_at
        await links.record_link(
            tx,
            pbx=self._pbx.name,
            state=state.status,
            since=state.since,
            error=state.error,
            owner=self._backend,
            heard_at=heard_at,
            stored_at=heard_at if self.inbox.is_done else None,
        )

    async def _resync(self) -> None:
        asked_at = utc_now()
        try:
            standing = await ask_standing(self.link)
            if standing.alive is not None:
                self.inbox.put(marks.write(marks.Standing(standing.alive)), asked_at)
            await self._transact(lambda tx: catalogues.record_queues(tx, standing.queues))
            await self._mend_pauses(standing.members)
            self.in_line.set()
        except CrmError as lost:
            self._wanted_resync.set()  # nobody else would ask again
            logger.warning("the resync broke off", action="pbx_resync_failed", pbx=self._pbx.name, error=str(lost))

    async def _mend_pauses(self, members: tuple[QueueMember, ...]) -> None:
        """Bring the queues' pauses in line with the managers' states; a pause that is not ours is left alone."""
        wanted, ours = await self._transact(self._pauses)
        for member in members:
            extension = self._dialect.extension_of(member.interface)
            if extension not in wanted:
                continue
            reason = wanted[extension]
            if member.paused and member.paused_reason not in ours:
                continue
            if (member.paused_reason if member.paused else None) != reason:
                await self._pause(extension, reason)

    async def _pauses(self, tx: Transaction) -> tuple[dict[str, str | None], set[str]]:
        """Extension → why it should be paused; and every reason that we could have given."""
        wanted = await agents.desired_pauses(tx, self._pbx.name)
        reasons = {reason.code for reason in (await list_pause_reasons(tx)).items}
        return wanted, reasons | {WRAP_UP_PAUSE, OFFLINE_PAUSE}

    # Saying what people ask

    async def _obey(self) -> None:
        async with self._database.wakeups.waiter("commands") as woken:
            while True:
                await self._owned.wait()
                woken.clear()
                try:
                    async with self._database.begin() as tx:
                        waiting = await asked.take(tx, self._pbx.name)
                    for command in waiting:
                        await self._carry_out(command)
                except DATABASE_AWAY:
                    logger.debug("commands wait for the database", action="commands_wait", pbx=self._pbx.name)
                    waiting = []
                if not waiting:
                    await woken_within(woken, COMMAND_POLL.total_seconds())

    async def _carry_out(self, command: asked.Command) -> None:
        error = None
        try:
            if command.expired:
                raise PeerUnavailable("It took too long to reach the telephone system; nothing was done.")
            await self._say(command, utc_now())
        except CrmError as refused:
            error = str(refused)
            logger.warning(
                "a command was not carried out",
                action="command_failed",
                pbx=self._pbx.name,
                kind=command.kind,
                command_id=str(command.id),
                error=error,
            )
        async with self._database.begin() as tx:
            await asked.finish(tx, command.id, error=error)
            if error is not None and command.kind == "originate" and command.interaction_id is not None:
                await record_call_refused(tx, command.interaction_id)

    async def _say(self, command: asked.Command, now: datetime) -> None:
        payload: dict[str, Any] = dict(command.payload)
        match command.kind:
            case "originate":
                action = commands.originate(
                    self._dialect,
                    extension=payload["extension"],
                    number=payload["number"],
                    channel_id=payload["channel_id"],
                    outbound_context=self._pbx.outbound_context,
                    dial_format=self._pbx.dial_format,
                    country=self._country,
                    now=now,
                )
            case "hangup":
                action = commands.hang_up(payload["channel"], now=now)
            case "decline":
                action = commands.decline(payload["channel"], now=now)
            case _:
                await self._pause(payload["extension"], payload["reason"])
                return
        answer = await commands.send(self.link, action, now=now)
        if not answer.success:
            raise PeerUnavailable(f"The telephone system said: {answer.message}")

    async def _pause(self, extension: str, reason: str | None) -> None:
        now = utc_now()
        interface = self._dialect.interface_for(extension)
        action = commands.pause(interface, paused=reason is not None, reason=reason or "", now=now)
        # "Interface not found" is no fault: this phone is in no queue.
        await commands.send(self.link, action, now=now)

    async def _transact(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Work in the database, again and again while it is away."""
        while True:
            try:
                async with self._database.begin() as tx:
                    result = await work(tx)
            except DATABASE_AWAY as away:
                await self._outage.wait(away)
            else:
                self._outage.over()
                return result
