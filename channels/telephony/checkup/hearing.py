"""Do the events arrive that calls are told from, timed by Asterisk's own clock, and is that clock ours.

Silence proves nothing at night, so two witnesses are heard: what comes in a
moment of listening, and what the log has heard of the last calls. A kind of
event that every call has, missing while others of the same calls came, was
filtered out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from channels.telephony.ami import AmiLink
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.configuration.events import READ_CLASSES, filter_lines
from channels.telephony.versions import AsteriskVersion, read_version, version_of_banner
from config.sections import PbxSettings
from crm_core.domain.calls import CLOCKS_APART
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Change
from crm_core.views.telephony_facts import Heard

#: So long the wire is listened to; a busy PBX says something every second.
LISTEN_S: Final = 1.5
#: Every answered call says each of these.
_OF_EVERY_CALL: Final = ("Newchannel", "Newstate", "Hangup", "DialBegin", "DialEnd", "BridgeEnter", "BridgeLeave")
#: With fewer calls than this a missing kind may be chance.
_ENOUGH_CALLS: Final = 3

_EVENT: Final = re.compile(rb"(?:^|\r\n)Event: ([^\r\n]+)")
_TIMESTAMP: Final = re.compile(rb"\r\nTimestamp: ([0-9.]+)")


class Ear:
    """Everything that arrives on the doctor's own link, by name."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.untimed = 0
        self.timed = asyncio.Event()  # one that bore Asterisk's own time

    def hear(self, frame: bytes) -> None:
        found = _EVENT.match(frame)
        if found is None:
            return
        name = found[1].decode("utf-8", "replace")
        if b"\r\nActionID: " in frame:
            return  # an answer to us, which never bears a time
        self.names[name] = self.names.get(name, 0) + 1
        if name == "FullyBooted":
            return  # said to us at the login, without a time
        if _TIMESTAMP.search(frame):
            self.timed.set()
        else:
            self.untimed += 1


async def examine_version(link: AmiLink, pbx: PbxSettings) -> tuple[AsteriskVersion | None, Observation]:
    """Which Asterisk this is; the banner's guess where our user may not ask."""
    subject = f"pbx {pbx.name} version"
    try:
        answer = await link.request({"Action": "CoreSettings"})
    except CrmError as error:
        return None, fault("no_answer", subject, question="CoreSettings", reason=str(error))
    version = read_version(answer.headers.get("AsteriskVersion", ""))
    if version is None:
        version = version_of_banner(link.state.version or "")
        if version is None:
            return None, advice("version_unknown", subject)
    if not version.filters_by_header:
        return version, advice("version_filters_old", subject, version=version)
    return version, fine("version", subject, version=version)


async def examine_clock(link: AmiLink, pbx: PbxSettings) -> Observation:
    """Asterisk tells its time with every pong."""
    subject = f"pbx {pbx.name} clock"
    before = datetime.now(UTC)
    try:
        answer = await link.request({"Action": "Ping"})
    except CrmError as error:
        return fault("no_answer", subject, question="Ping", reason=str(error))
    after = datetime.now(UTC)
    try:
        theirs = datetime.fromtimestamp(float(answer.headers["Timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return advice("clock_untold", subject)
    apart = max((theirs - after).total_seconds(), (before - theirs).total_seconds(), 0.0)
    if apart > CLOCKS_APART.total_seconds():
        return fault("clock_apart", subject, seconds=f"{apart:.1f}", theirs=f"{theirs:%F %T} UTC")
    return fine("clock_agrees", subject)


async def listen(ear: Ear, *, seconds: float = LISTEN_S) -> None:
    """Give the wire a moment; it is cut short by the first event that bears a time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ear.timed.wait()


def judge(ear: Ear, heard: Heard | None, pbx: PbxSettings, version: AsteriskVersion | None) -> Iterator[Observation]:
    """What arrived now and lately, and what should have."""
    subject = f"pbx {pbx.name} events"
    times = heard.times if heard else {}
    if "FullyBooted" not in ear.names:
        reading = Change(file="manager.conf", lines=(f"[{pbx.username}]", f"read = {','.join(READ_CLASSES)}"))
        yield advice("no_system_events", subject, change=reading)
    spontaneous = sum(ear.names.values()) - ear.names.get("FullyBooted", 0)
    if not times and not spontaneous:
        yield advice("events_quiet", subject, seconds=f"{LISTEN_S:g}")
        return
    missing = [name for name in _OF_EVERY_CALL if name not in times]
    if times.get("Newchannel", times.get("Hangup", 0)) >= _ENOUGH_CALLS and missing:
        yield fault("events_missing", subject, names=missing, change=_filters(pbx, missing, version))
    else:
        yield fine("events_heard", subject, now=spontaneous, lately=sum(times.values()))
    yield _timestamps(ear, heard, f"pbx {pbx.name} timestampevents")


def _timestamps(ear: Ear, heard: Heard | None, subject: str) -> Observation:
    # What is heard now has the last word: the setting may have been changed since the last call.
    if ear.timed.is_set() or (not ear.untimed and heard is not None and heard.timed):
        return fine("timestamps_on", subject)
    lines = ("[general]", "timestampevents = yes")
    return fault("timestamps_off", subject, change=Change(file="manager.conf", lines=lines))


def _filters(pbx: PbxSettings, missing: list[str], version: AsteriskVersion | None) -> Change:
    by_header = version is None or version.filters_by_header
    return Change(file="manager.conf", lines=(f"[{pbx.username}]", *filter_lines(missing, filters_by_header=by_header)))
