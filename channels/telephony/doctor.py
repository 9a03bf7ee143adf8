"""Is this PBX as we need it: reachable, our user known, its rights enough, its files readable.

The doctor opens a link of its own beside the one that works, asks, and leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings
from config.sections import Limits, PbxSettings
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Finding, ill, well

#: What we ask of a PBX, and the class of `write=` in manager.conf that allows it.
NEEDED = {
    "CoreShowChannels": "reporting",
    "BridgeList": "",
    "QueueStatus": "",
    "QueuePause": "agent",
    "Hangup": "call",
    "Originate": "originate",
}


async def examine(pbx: PbxSettings, limits: Limits) -> list[Finding]:
    """Everything that can be told of one PBX from here."""
    return [*await _examine_link(pbx, limits), *await asyncio.to_thread(lambda: list(_examine_files(pbx)))]


async def _examine_link(pbx: PbxSettings, limits: Limits) -> list[Finding]:
    subject = f"pbx {pbx.name}"
    address = f"{pbx.host}:{pbx.port}"
    async with _link(pbx, limits) as (link, state):
        match state.status:
            case LinkStatus.UP:
                reached = well(subject, f"{address} knows our user {pbx.username}")
                return [reached, await _examine_rights(link, pbx)]
            case LinkStatus.REFUSED:
                advice = f"Look at the user [{pbx.username}] in manager.conf: secret, permit, and this PBX's settings."
                return [ill(subject, f"{address} refuses us: {state.error}", advice)]
            case LinkStatus.DOWN:
                advice = "Is Asterisk running, `enabled = yes` in manager.conf, and no firewall between?"
                return [ill(subject, f"{address} cannot be reached: {state.error}", advice)]


@asynccontextmanager
async def _link(pbx: PbxSettings, limits: Limits) -> AsyncIterator[tuple[AmiLink, LinkState]]:
    """A link and the first thing it comes to."""
    first: asyncio.Future[LinkState] = asyncio.get_running_loop().create_future()

    def tell(state: LinkState) -> None:
        if not first.done():
            first.set_result(state)

    link = AmiLink(
        pbx,
        on_event=lambda event: None,
        on_state=tell,
        event_classes="off",
        timings=LinkTimings.from_limits(limits),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        try:
            yield link, await first
        finally:
            running.cancel()


async def _examine_rights(link: AmiLink, pbx: PbxSettings) -> Finding:
    subject = f"pbx {pbx.name} rights"
    try:
        answer = await link.request({"Action": "ListCommands"})
    except CrmError as error:
        return ill(subject, str(error), "Try again; if it stays so, look at Asterisk's own log.")
    if not answer.success:
        return well(subject, "this PBX does not tell what we may do")
    allowed = {name.casefold() for name in answer.headers}
    missing = [name for name in NEEDED if name.casefold() not in allowed]
    if not missing:
        return well(subject, "enough")
    classes = ", ".join(sorted({NEEDED[name] for name in missing} - {""}))
    return ill(
        subject,
        f"we may not say {', '.join(missing)}",
        f"Add to `write =` of [{pbx.username}] in manager.conf: {classes}; then `manager reload`.",
    )


def _examine_files(pbx: PbxSettings) -> Iterator[Finding]:
    if pbx.recordings is not None and "://" not in pbx.recordings:
        yield _examine_path(f"pbx {pbx.name} recordings", Path(pbx.recordings), is_directory=True)
    if pbx.queue_log is not None:
        yield _examine_path(f"pbx {pbx.name} queue_log", pbx.queue_log, is_directory=False)


def _examine_path(subject: str, path: Path, *, is_directory: bool) -> Finding:
    try:
        if is_directory:
            next(path.iterdir(), None)
        else:
            with path.open("rb"):
                pass
    except OSError as error:
        advice = "Mount it here, or let the user that runs Perezvon read it, or take the setting away."
        return ill(subject, f"{path} cannot be read: {error.strerror}", advice)
    return well(subject, str(path))
