"""Notes of our own between the events, so that they are read at their place in the stream.

A mark travels through the inbox like an event, spool included: the link went
deaf, the link is up with this run of Asterisk, this is what stands there. Its
name is one no Asterisk would say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from channels.telephony.frames import Event
from channels.telephony.tracking.alive import Alive

_NAME = "PerezvonMark"


@dataclass(frozen=True, slots=True)
class Deaf:
    """Nothing is heard from here on; what comes next belongs to a run of Asterisk that is not known yet."""

    since: datetime | None  # the last byte heard; None: nobody who could know is left
    cause: str  # in words, for the gap ledger
    missed: bool = False  # something was said, and we know it


@dataclass(frozen=True, slots=True)
class Up:
    """The link is up with this run of Asterisk."""

    boot: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What Asterisk said is alive."""

    alive: Alive


Mark = Deaf | Up | Standing


def write(mark: Mark) -> Event:
    """The mark as an event of ours."""
    match mark:
        case Deaf(since=since, cause=cause, missed=missed):
            what = {"Since": since.isoformat() if since else "", "Cause": cause, "Missed": "1" if missed else ""}
            return {"Event": _NAME, "Mark": "deaf", **what}
        case Up(boot=boot):
            return {"Event": _NAME, "Mark": "up", "Boot": boot}
        case Standing(alive=alive):
            lists = {"channels": alive.channels, "callers": alive.queue_callers}
            return {"Event": _NAME, "Mark": "standing", "Alive": json.dumps(lists)}


def read(event: Event) -> Mark | None:
    """The mark an event is; None for what Asterisk said."""
    if event.get("Event") != _NAME:
        return None
    match event["Mark"]:
        case "up":
            return Up(boot=event["Boot"])
        case "standing":
            lists = json.loads(event["Alive"])
            return Standing(alive=Alive(channels=tuple(lists["channels"]), queue_callers=tuple(lists["callers"])))
        case _:
            since = event["Since"]
            heard_at = datetime.fromisoformat(since) if since else None
            return Deaf(since=heard_at, cause=event["Cause"], missed=bool(event["Missed"]))
