"""The recorded calls: what Asterisk said, and what really happened beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

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
class Recording:
    """A recorded story with the truth about it, as the parties of the calls saw it themselves."""

    events: tuple[Heard, ...]
    expected: tuple[dict[str, Any], ...]  # one for each call, in the words of the contract


def load(name: str) -> Recording:
    path = AMI_FIXTURES / f"{name}.ami.jsonl"
    with path.open(encoding="utf-8") as lines:
        started_at = datetime.fromisoformat(json.loads(next(lines))["started_at"])
        events = tuple(_heard(json.loads(line), started_at) for line in lines)
    truth = json.loads(path.with_name(f"{name}.expected.json").read_text(encoding="utf-8"))
    return Recording(events, tuple(truth["calls"]))


def _heard(line: dict[str, Any], started_at: datetime) -> Heard:
    return Heard(dict(reversed(line["headers"])), started_at + timedelta(seconds=line["at"]))


NAMES = sorted(path.name.removesuffix(".ami.jsonl") for path in AMI_FIXTURES.glob("*.ami.jsonl"))
RECORDINGS = {name: load(name) for name in NAMES}


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
