"""A small telephone exchange that says over AMI what a real one would, in as few words as a story needs.

It knows nothing of calls: each verb sends the events that Asterisk sends for
it, with the moment in ``Timestamp``, straight into a tracker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.events import CallEvent
from crm_core.domain.calls import CallSnapshot

NOON = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
DIALECT = PbxDialect(pbx="main", trunk_prefixes=("PJSIP/trunk",))

DOWN, RING, RINGING, UP = "0", "4", "5", "6"


def seconds(amount: float) -> timedelta:
    return timedelta(seconds=amount)


@dataclass
class Line:
    """One channel."""

    name: str
    uniqueid: str
    linkedid: str
    state: str
    number: str
    display_name: str = "<unknown>"
    exten: str = "s"

    def headers(self, prefix: str = "") -> dict[str, str]:
        said = {
            "Channel": self.name,
            "ChannelState": self.state,
            "CallerIDNum": self.number,
            "CallerIDName": self.display_name,
            "ConnectedLineNum": "<unknown>",
            "ConnectedLineName": "<unknown>",
            "Exten": self.exten,
            "Uniqueid": self.uniqueid,
            "Linkedid": self.linkedid,
        }
        return {prefix + name: value for name, value in said.items()}


@dataclass
class Exchange:
    """The clock stands until it is told to pass."""

    tracker: CallTracker = field(default_factory=lambda: CallTracker(DIALECT, boot="first"))
    now: datetime = NOON
    news: list[CallEvent] = field(default_factory=list)
    timestamps: bool = True
    made: int = 0

    def passes(self, amount: float) -> None:
        self.now += seconds(amount)

    def say(self, event: str, **headers: str) -> list[CallEvent]:
        said = {"Event": event, **headers}
        if self.timestamps:
            said["Timestamp"] = f"{self.now.timestamp():.6f}"
        told = self.tracker.feed(said, self.now)
        self.news += told
        return told

    def told(self) -> list[str]:
        """The names of what was told since last asked."""
        names = [type(news).__name__ for news in self.news]
        self.news.clear()
        return names

    def call(self, line: Line | str) -> CallSnapshot:
        return self.tracker.snapshot(line if isinstance(line, str) else line.linkedid)

    def line(
        self,
        device: str,
        *,
        state: str = DOWN,
        number: str = "<unknown>",
        exten: str = "s",
        linkedid: str | None = None,
        uniqueid: str | None = None,
        half: str = "",
        display_name: str = "<unknown>",
    ) -> Line:
        self.made += 1
        uniqueid = uniqueid or f"1790000000.{self.made}"
        name = f"{device}-{self.made:08x}" if not half else f"{device}{half}"
        line = Line(name, uniqueid, linkedid or uniqueid, state, number, display_name, exten)
        self.say("Newchannel", **line.headers())
        return line

    def client_calls(
        self, number: str = "+77011234567", did: str = "77272000001", display_name: str = "<unknown>"
    ) -> Line:
        return self.line("PJSIP/trunk", state=RING, number=number, exten=did, display_name=display_name)

    def agent_dials(self, extension: str, number: str) -> Line:
        return self.line(f"PJSIP/{extension}", state=RING, number=extension, exten=number)

    def dial(self, caller: Line, device: str, *, number: str = "<unknown>", queue: str | None = None) -> Line:
        """Dial a device from a line, for a queue if one is named; it does not ring yet."""
        callee = self.line(device, number=number, linkedid=caller.linkedid)
        if queue is not None:
            self.say("AgentCalled", Queue=queue, **caller.headers(), **callee.headers("Dest"))
        self.say("DialBegin", DialString=device, **caller.headers(), **callee.headers("Dest"))
        return callee

    def local_pair(self, target: str, linkedid: str) -> tuple[Line, Line]:
        self.made += 1
        device = f"Local/{target}-{self.made:08x}"
        return (
            self.line(device, linkedid=linkedid, half=";1"),
            self.line(device, linkedid=linkedid, half=";2", state=RING),
        )

    def rings(self, line: Line) -> None:
        line.state = RINGING
        self.say("Newstate", **line.headers())

    def comes_up(self, line: Line) -> None:
        line.state = UP
        self.say("Newstate", **line.headers())

    def dial_ends(self, caller: Line | None, callee: Line, status: str) -> None:
        self.say("DialEnd", DialStatus=status, **(caller.headers() if caller else {}), **callee.headers("Dest"))

    def answers(self, caller: Line, callee: Line) -> None:
        self.comes_up(callee)
        self.dial_ends(caller, callee, "ANSWER")
        if caller.state != UP:
            self.comes_up(caller)

    def joins_queue(self, line: Line, queue: str) -> None:
        self.say("QueueCallerJoin", Queue=queue, Position="1", **line.headers())

    def leaves_queue(self, line: Line, queue: str) -> None:
        self.say("QueueCallerLeave", Queue=queue, **line.headers())

    def enters(self, bridge: str, *lines: Line) -> None:
        for line in lines:
            self.say("BridgeEnter", BridgeUniqueid=bridge, **line.headers())

    def leaves(self, bridge: str, *lines: Line) -> None:
        for line in lines:
            self.say("BridgeLeave", BridgeUniqueid=bridge, **line.headers())

    def holds(self, line: Line) -> None:
        self.say("Hold", MusicClass="default", **line.headers())

    def takes_back(self, line: Line) -> None:
        self.say("Unhold", **line.headers())

    def asks_to_hang_up(self, line: Line) -> None:
        self.say("HangupRequest", **line.headers())

    def hangs_up(self, *lines: Line, cause: int = 16) -> None:
        for line in lines:
            self.say("Hangup", Cause=str(cause), **line.headers())

    def queue_call_answered(self, extension: str = "1001", queue: str = "sales") -> tuple[Line, Line]:
        """A client waits two seconds in a queue and is answered; both stand in bridge ``b1``."""
        client = self.client_calls()
        self.comes_up(client)
        self.joins_queue(client, queue)
        phone = self.dial(client, f"PJSIP/{extension}", queue=queue)
        self.rings(phone)
        self.passes(2)
        self.answers(client, phone)
        self.leaves_queue(client, queue)
        self.say("AgentConnect", Queue=queue, **client.headers(), **phone.headers("Dest"))
        self.enters("b1", phone, client)
        return client, phone

    def client_hangs_up(self, client: Line, phone: Line, bridge: str = "b1") -> None:
        self.asks_to_hang_up(client)
        self.leaves(bridge, client, phone)
        self.hangs_up(phone, client)
