"""Ask Asterisk what is alive, after every login: nothing that was missed is ever said again.

The lists are taken one after the other while calls go on, so they may disagree
with each other by an event; whoever reads them puts them together with the
events heard since the login, and both say the same in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from channels.telephony.ami import AmiLink
from channels.telephony.frames import Event
from channels.telephony.tracking.alive import Alive
from crm_core.domain.errors import PeerRefused

logger = structlog.get_logger(__name__)

#: Asterisk lists a thousand channels in a fraction of a second.
LIST_DEADLINE = timedelta(seconds=10)

_CHANNELS = {"Action": "CoreShowChannels"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMember:
    """A phone as one queue sees it."""

    queue: str
    interface: str  # the device, "PJSIP/1001"
    name: str
    paused: bool
    paused_reason: str  # what the pause was given as its reason; empty when none
    device_state: int  # Asterisk's: 1 not in use, 2 in use, 5 unavailable, 6 ringing, 8 on hold …
    in_call: bool
    from_configuration: bool  # of queues.conf: it can be paused, never removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one PBX says of itself at one moment."""

    alive: Alive | None  # what the tracker reads; None: this user may not read which channels there are
    queues: tuple[str, ...]
    members: tuple[QueueMember, ...]  # one for each queue that a phone is in
    complete: bool  # False: this user may not read one of the lists


async def ask_standing(link: AmiLink) -> Standing:
    """Channels with their bridges, queues with their callers and members.

    A list that this user may not read is empty, and said in the log once.

    Raises:
        PbxUnavailable: the link was lost, or a list did not end in time.
    """
    refused: list[str] = []
    channels = await _list(link, _CHANNELS, refused)
    bridged = await _ask_bridges(link, {channel.get("BridgeId", "") for channel in channels}, refused)
    queues = await _list(link, {"Action": "QueueStatus"}, refused)
    if refused:
        logger.warning(
            "this user may not ask what is alive", action="ami_resync_incomplete", refused=sorted(set(refused))
        )
    alive = Alive(
        channels=tuple(_with_bridge(channel, bridged) for channel in channels),
        queue_callers=_named(queues, "QueueEntry"),
    )
    return Standing(
        # An empty list would mean that every call is over.
        alive=None if _CHANNELS["Action"] in refused else alive,
        queues=tuple(params.get("Queue", "") for params in _named(queues, "QueueParams")),
        members=tuple(_member(member) for member in _named(queues, "QueueMember")),
        complete=not refused,
    )


async def _ask_bridges(link: AmiLink, known: set[str], refused: list[str]) -> dict[str, str]:
    """Uniqueid → BridgeUniqueid, for the bridges that no channel spoke of.

    A channel names its bridge itself, so with hundreds of calls hardly a bridge has to be asked.
    """
    bridged: dict[str, str] = {}
    for bridge in await _list(link, {"Action": "BridgeList"}, refused):
        bridge_id = bridge.get("BridgeUniqueid", "")
        if not bridge_id or bridge_id in known or bridge.get("BridgeNumChannels") == "0":
            continue
        # A bridge that ended since it was listed answers with an error, which is no missing right.
        for channel in await _list(link, {"Action": "BridgeInfo", "BridgeUniqueid": bridge_id}, []):
            bridged[channel.get("Uniqueid", "")] = bridge_id
    return bridged


async def _list(link: AmiLink, action: Mapping[str, str], refused: list[str]) -> list[Event]:
    try:
        return await link.request_list(action, timeout=LIST_DEADLINE)
    except PeerRefused:
        refused.append(action["Action"])
        return []


def _with_bridge(channel: Event, bridged: Mapping[str, str]) -> Event:
    """The channel with the bridge that was asked of it, where it named none itself."""
    bridge_id = bridged.get(channel.get("Uniqueid", ""))
    return {**channel, "BridgeId": bridge_id} if bridge_id else channel


def _named(items: list[Event], name: str) -> tuple[Event, ...]:
    return tuple(item for item in items if item.get("Event") == name)


def _member(item: Event) -> QueueMember:
    status = item.get("Status", "")
    return QueueMember(
        queue=item.get("Queue", ""),
        interface=item.get("Location") or item.get("StateInterface", ""),
        name=item.get("Name", ""),
        paused=item.get("Paused") == "1",
        paused_reason=item.get("PausedReason", ""),
        device_state=int(status) if status.isdecimal() else 0,
        in_call=item.get("InCall") == "1",
        from_configuration=item.get("Membership") == "static",
    )
