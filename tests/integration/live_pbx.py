"""A PBX whose calls are made up and its manager port real: it says what happens, and lists what is alive when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from channels.telephony.room import PbxRoom
from channels.telephony.tracking.events import CallEvent
from crm_core.store.database import Database
from tests.integration.ami_peer import AmiPeer, Heard, a_list, frame, success
from tests.telephony_room import room_at_work
from tests.unit.telephony.exchange import Exchange, Line

QUEUE = "sales"


@dataclass
class _Alive:
    """A channel as the lists tell it."""

    headers: dict[str, str]
    since: datetime
    bridge: str = ""
    application: str = "Dial"
    data: str = ""


@dataclass
class LivePbx(Exchange):
    """Its clock is the real one. ``peer`` is the manager port; what is said while nobody listens is lost."""

    boot: str = "2026-11-21 09:30:00"
    peer: AmiPeer = field(default_factory=AmiPeer)
    alive: dict[str, _Alive] = field(default_factory=dict)  # by Uniqueid
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # names of events by Linkedid

    def __post_init__(self) -> None:
        self.peer.answers |= {
            "CoreStatus": self._core_status,
            "CoreShowChannels": self._channels,
            "BridgeList": lambda heard: a_list(heard, "BridgeListItem", end="BridgeListComplete"),
            "QueueStatus": self._queues,
            "QueuePause": success,
        }

    def say(self, event: str, **headers: str) -> list[CallEvent]:
        self.now = datetime.now(UTC)
        self._remember(event, headers)
        self.said[headers["Linkedid"]].append(event)
        self.peer.say(frame(Event=event, **headers, Timestamp=f"{self.now.timestamp():.6f}"))
        return []

    def waits(self, caller: str) -> Line:
        """A client comes into the queue."""
        client = self.client_calls(caller)
        self.comes_up(client)
        self.joins_queue(client, QUEUE)
        return client

    def is_offered(self, client: Line, extension: str) -> Line:
        phone = self.dial(client, f"PJSIP/{extension}", queue=QUEUE)
        self.rings(phone)
        return phone

    def is_answered(self, client: Line, phone: Line) -> None:
        self.answers(client, phone)
        self.leaves_queue(client, QUEUE)
        self.say("AgentConnect", Queue=QUEUE, **client.headers(), **phone.headers("Dest"))
        self.enters(f"bridge-{client.uniqueid}", phone, client)

    def talks(self, caller: str, extension: str) -> tuple[Line, Line]:
        """A client waited in the queue and talks now."""
        client = self.waits(caller)
        phone = self.is_offered(client, extension)
        self.is_answered(client, phone)
        return client, phone

    def ends(self, client: Line, phone: Line) -> None:
        self.client_hangs_up(client, phone, f"bridge-{client.uniqueid}")

    def restart(self, boot: str) -> None:
        """As after a power cut: nobody is told anything, and the ids begin again."""
        self.boot, self.made = boot, 0
        self.alive.clear()
        self.peer.drop()

    def _remember(self, event: str, headers: dict[str, str]) -> None:
        own, other = headers.get("Uniqueid", ""), headers.get("DestUniqueid", "")
        if event == "Newchannel":
            self.alive[own] = _Alive(headers, self.now)
        elif event == "Hangup":
            self.alive.pop(own, None)
        elif event == "Newstate":
            self.alive[own].headers = headers
        elif event == "BridgeEnter":
            self.alive[own].bridge = headers["BridgeUniqueid"]
        elif event == "BridgeLeave":
            self.alive[own].bridge = ""
        elif event == "QueueCallerJoin":
            self.alive[own].application, self.alive[own].data = "Queue", f"{headers['Queue']},tT,,,30"
        elif event == "AgentCalled":
            self.alive[other].application, self.alive[other].data = "AppQueue", "(Outgoing Line)"

    def _core_status(self, heard: Heard) -> bytes:
        date, time = self.boot.split(" ")
        return success(heard, CoreStartupDate=date, CoreStartupTime=time)

    def _channels(self, heard: Heard) -> bytes:
        now = datetime.now(UTC)
        items = [
            one.headers
            | {
                "BridgeId": one.bridge,
                "Application": one.application,
                "ApplicationData": one.data,
                "Duration": f"00:00:{int((now - one.since).total_seconds()):02}",
            }
            for one in self.alive.values()
        ]
        return a_list(heard, "CoreShowChannel", *items, end="CoreShowChannelsComplete")

    def _queues(self, heard: Heard) -> bytes:
        action_id = heard["ActionID"]
        return (
            success(heard, EventList="start", Message="Queue status will follow")
            + frame(Event="QueueParams", ActionID=action_id, Queue=QUEUE, Calls="0")
            + frame(Event="QueueStatusComplete", ActionID=action_id, EventList="Complete", ListItems="1")
        )


def settings_of(port: int) -> dict[str, object]:
    """Such a PBX as an operator would write it into the settings."""
    return {
        "name": "main",
        "host": "127.0.0.1",
        "port": port,
        "username": "crm",
        "secret": "s3cret",
        "trunk_prefixes": ["PJSIP/trunk"],
    }


@asynccontextmanager
async def hearing(port: int, database: Database, data_dir: Path, **limits: float) -> AsyncIterator[PbxRoom]:
    """The telephony room at work on it, in line with it."""
    async with room_at_work(settings_of(port), database, data_dir, **limits) as room:
        yield room
