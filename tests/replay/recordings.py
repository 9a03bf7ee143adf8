"""The recorded calls: what Asterisk said, and what really happened beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from channels.telephony import recording_format
from channels.telephony.dialect import PbxDialect
from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.events import CallMerged
from crm_core.domain.calls import CallSnapshot

AMI_FIXTURES = Path(__file__).parent.parent / "fixtures" / "ami"

#: How the lab's PBX names its channels.
LAB_DIALECT = PbxDialect(pbx="main", trunk_prefixes=("PJSIP/trunk",))


@dataclass(frozen=True, slots=True)
class Heard:
    """One event and when it arrived."""

    event: dict[str, str]
    arrived: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """A recording with the truth about it, as the parties of the calls saw it themselves."""

    events: tuple[Heard, ...]
    expected: tuple[dict[str, Any], ...]  # one for each call, in the words of the contract


@cache
def story(name: str) -> Story:
    (path,) = AMI_FIXTURES.glob(f"{name}.ami.jsonl*")
    recording = recording_format.load(path)
    started_at = datetime.fromisoformat(recording.about.started_at)
    truth = json.loads((AMI_FIXTURES / f"{name}.expected.json").read_text(encoding="utf-8"))
    return Story(
        tuple(Heard(dict(one.headers), started_at + timedelta(seconds=one.at)) for one in recording.frames),
        tuple(truth["calls"]),
    )


NAMES = sorted(path.name.removesuffix(".expected.json") for path in AMI_FIXTURES.glob("*.expected.json"))
#: Without the minute of a busy call centre: its first calls are forgotten before its last are heard.
SHORT = [name for name in NAMES if name != "heavy"]


def tracker() -> CallTracker:
    return CallTracker(LAB_DIALECT, boot="lab")


def replay(events: Iterable[Heard], into: CallTracker | None = None) -> dict[str, CallSnapshot]:
    """Every call's last snapshot, kept as the recorder keeps it: looked at only when news says so."""
    told = into or tracker()
    calls: dict[str, CallSnapshot] = {}
    for heard in events:
        for news in told.feed(heard.event, heard.arrived):
            calls[news.linkedid] = told.snapshot(news.linkedid)
            if isinstance(news, CallMerged):
                calls.pop(news.merged, None)
    return calls


def mixed(streams: list[tuple[Heard, ...]], random: Random) -> list[Heard]:
    """All streams as one, each in its own order, and all of it within a moment of our clock."""
    turns = [number for number, stream in enumerate(streams) for _ in stream]
    random.shuffle(turns)
    left = [iter(stream) for stream in streams]
    now = streams[0][0].arrived
    return [Heard(next(left[turn]).event, now) for turn in turns]
