"""Is this PBX as we need it: reachable, our user known, its rights enough and not too many, its events heard,
its people ours, its files readable.

The doctor opens a link of its own beside the one that works, asks, and leaves.
It changes nothing: whatever it says can be asked again at any hour. What the
log knows it is told; without a database it tells what it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings, utc_now
from channels.telephony.checkup import door, hearing, lines, places, rights, staff
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.frames import Event
from channels.telephony.naming import dialect_of
from channels.telephony.trial_call import CallOrder, Tell, TrialCall
from config.sections import Limits, PbxSettings
from config.settings import Settings
from crm_core.actions import audit
from crm_core.domain.findings import Change
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.locks import holding_if_free
from crm_core.views.telephony_facts import TelephonyFacts, find_logged_call, telephony_facts

#: Asterisk's words where a user may be logged in only once.
_IN_USE: Final = "already in use"

#: A test call stands in our log, with its sound, within this.
LOGGED_WITHIN_S: Final = 8.0
LOOK_AGAIN_S: Final = 0.3


async def examine(pbx: PbxSettings, settings: Settings, database: Database | None) -> list[Observation]:
    """Everything that can be told of one PBX from here."""
    facts = await _facts(pbx, database)
    found = await _examine_link(pbx, settings, facts)
    if facts is not None:
        found.append(_owner(pbx, facts))
    calls = facts.calls if facts else None
    found += await places.examine_recordings(pbx, calls)
    records = await asyncio.to_thread(lambda: list(places.examine_records(pbx, calls)))
    if all(seen.code != "path_unreadable" for seen in records):
        records += await places.examine_books(pbx, calls)
    return [*found, *records, await asyncio.to_thread(places.examine_spool, pbx, settings)]


async def _facts(pbx: PbxSettings, database: Database | None) -> TelephonyFacts | None:
    if database is None:
        return None
    try:
        async with database.read() as reader:
            return await telephony_facts(reader, pbx.name)
    except DATABASE_AWAY:
        return None  # the doctor of the whole house says so


async def _examine_link(pbx: PbxSettings, settings: Settings, facts: TelephonyFacts | None) -> list[Observation]:
    limits = settings.limits
    entrance = await door.knock(pbx, limit_s=limits.ami_connect_s)
    if entrance.wrong is not None:
        return [entrance.wrong]
    ear = hearing.Ear()
    async with linked(pbx, limits, on_frame=ear.hear) as (link, state):
        if state.status is not LinkStatus.UP:
            return [_not_up(pbx, state, our_address=entrance.our_address or "127.0.0.1")]
        found = [fine("logged_in", f"pbx {pbx.name}", address=f"{pbx.host}:{pbx.port}", user=pbx.username)]
        version, told = await hearing.examine_version(link, pbx)
        found += [told, *await rights.examine(link, pbx)]
        found.append(await hearing.examine_clock(link, pbx))
        if facts is not None:
            dialect = dialect_of(pbx)
            found += await staff.examine(link, dialect, facts, only_pbx=len(settings.pbx) == 1)
            found += lines.examine_trunks(pbx, dialect, facts.heard.channels)
        found.append(await lines.examine_outbound(link, pbx))
        await hearing.listen(ear)
        found += hearing.judge(ear, facts.heard if facts else None, pbx, version)
        return found


def _not_up(pbx: PbxSettings, state: LinkState, *, our_address: str) -> Observation:
    subject = f"pbx {pbx.name}"
    address = f"{pbx.host}:{pbx.port}"
    said = state.error or ""
    if state.status is LinkStatus.DOWN:
        return fault("no_answer", subject, question="Login", reason=said)
    if _IN_USE in said.casefold():
        lines = (f"[{pbx.username}]", "allowmultiplelogin = yes")
        return fault("login_in_use", subject, user=pbx.username, change=Change(file="manager.conf", lines=lines))
    family = "255.255.255.255" if ":" not in our_address else "128"
    change = Change(
        file="manager.conf",
        lines=(f"[{pbx.username}]", "deny = 0.0.0.0/0.0.0.0", f"permit = {our_address}/{family}"),
    )
    facts = {"address": address, "user": pbx.username, "ours": our_address, "said": said}
    return fault("login_refused", subject, change=change, **facts)


def _owner(pbx: PbxSettings, facts: TelephonyFacts) -> Observation:
    """Which process of ours lives with this PBX; only one may."""
    subject = f"pbx {pbx.name} listener"
    link, owner = facts.link, facts.owner
    if owner is None:
        return advice("nobody_listens", subject)
    where = owner.address or "localhost"
    if link is None or link.state != "up":
        return fault("listener_deaf", subject, where=where, reason=(link.error if link else None) or "…")
    return fine("listened_to", subject, where=where, since=f"{link.since:%F %T %Z}")


async def place_test_call(
    pbx: PbxSettings,
    settings: Settings,
    database: Database,
    order: CallOrder,
    *,
    tell: Tell,
    by: UUID | None,
    address: str | None = None,
) -> None:
    """Ring one phone and tell, step by step, what was seen of it: at the PBX, and then in our own log.

    One at a time for each PBX, whichever node or terminal asks; ``by`` and
    ``address`` go to the audit log, None: somebody at the terminal.
    """
    subject = f"pbx {pbx.name} test call"
    async with holding_if_free(database, f"test-call:{pbx.name}") as is_free:
        if not is_free:
            await tell(fault("call_busy", subject))
            return
        async with database.begin() as tx:
            details: dict[str, object] = {"pbx": pbx.name, "extension": order.extension}
            await audit.write(tx, "pbx.test_call", by=by, details=details, address=address)
        call = TrialCall(pbx, order, country=settings.country, now=utc_now())
        entrance = await door.knock(pbx, limit_s=settings.limits.ami_connect_s)
        if entrance.wrong is not None:
            await tell(entrance.wrong)
            return
        async with linked(pbx, settings.limits, on_event=call.hear) as (link, state):
            if state.status is not LinkStatus.UP:
                await tell(_not_up(pbx, state, our_address=entrance.our_address or "127.0.0.1"))
                return
            if not await call.run(link, tell):
                return
        for observation in await _look_in_log(pbx, database, call, order):
            await tell(observation)


async def _look_in_log(pbx: PbxSettings, database: Database, call: TrialCall, order: CallOrder) -> list[Observation]:
    """Whether the process that hears this PBX wrote the call down, and found its sound."""
    subject = f"pbx {pbx.name} test call"
    wants_sound = order.number is not None and call.answered and pbx.recordings is not None
    deadline = asyncio.get_running_loop().time() + LOGGED_WITHIN_S
    while True:
        async with database.read() as reader:
            logged = await find_logged_call(reader, pbx.name, call.channel_id)
        complete = logged is not None and (logged.has_sound or not wants_sound)
        if complete or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(LOOK_AGAIN_S)
    if logged is None:
        return [fault("call_not_logged", subject, seconds=f"{LOGGED_WITHIN_S:g}")]
    found = [fine("call_logged", subject, interaction_id=str(logged.interaction_id))]
    if order.number is None:
        found.append(advice("call_echo_unrecorded", subject))
    elif wants_sound:
        found.append(fine("call_recorded", subject) if logged.has_sound else fault("call_not_recorded", subject))
    return found


@asynccontextmanager
async def linked(
    pbx: PbxSettings,
    limits: Limits,
    *,
    on_event: Callable[[Event], None] = lambda event: None,
    on_frame: Callable[[bytes], None] | None = None,
) -> AsyncIterator[tuple[AmiLink, LinkState]]:
    """A link with our ordinary rights beside the one that works, and what it first comes to."""
    first: asyncio.Future[LinkState] = asyncio.get_running_loop().create_future()

    def note(state: LinkState) -> None:
        if not first.done():
            first.set_result(state)

    link = AmiLink(pbx, on_event=on_event, on_state=note, on_frame=on_frame, timings=LinkTimings.from_limits(limits))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        try:
            yield link, await first
        finally:
            running.cancel()
