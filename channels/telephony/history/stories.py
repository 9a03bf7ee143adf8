"""Calls as the PBX's books tell them, in the same words in which they are heard.

The retold events are fed to a tracker that lives only for this, so that what is
read afterwards is judged by the very rules of what is heard at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from channels.telephony.dialect import PbxDialect
from channels.telephony.frames import Event
from channels.telephony.history.records import CdrRow, History, QueueLine
from channels.telephony.history.retold import AGENT_ENDED, CALLER_ENDED, files_of, retell_bills, retell_diary
from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.events import CallMerged
from channels.telephony.tracking.facts import as_datetime
from crm_core.domain.calls import CallSnapshot, EndedBy


def tell(history: History, dialect: PbxDialect, *, boot: str) -> list[CallSnapshot]:
    """The calls that are over, by when they began; those of which the books hold only a part are left out."""
    calls = _replay(retell_diary(history.cel, history.queue_log, dialect), files_of(history.cdr), dialect, boot)
    in_diary = {key for call in calls for key in call.keys}
    rest = [row for row in history.cdr if row.linkedid not in in_diary]
    if rest:
        billed = _replay(retell_bills(rest, history.queue_log, dialect), files_of(rest), dialect, boot)
        calls += [_as_billed(call, rest, history.queue_log) for call in billed]
    whole = (call for call in calls if call.ended_at is not None and all(leg.ended_at for leg in call.legs))
    return sorted(whole, key=lambda call: (call.started_at, call.linkedid))


def _replay(events: Iterable[Event], late: Iterable[Event], dialect: PbxDialect, boot: str) -> list[CallSnapshot]:
    tracker = CallTracker(dialect, boot=boot)
    calls: dict[str, CallSnapshot] = {}
    by_channel = {event["UniqueID"]: event for event in late}
    for event in events:
        heard = [event]
        if event["Event"] == "Hangup" and event["Uniqueid"] in by_channel:
            # Before its channel is forgotten: an ended call is not remembered for long.
            heard.append({**by_channel[event["Uniqueid"]], "Timestamp": event["Timestamp"]})
        for one in heard:
            for news in tracker.feed(one, as_datetime(float(one["Timestamp"]))):
                calls[news.linkedid] = tracker.snapshot(news.linkedid)
                if isinstance(news, CallMerged):
                    calls.pop(news.merged, None)
    return list(calls.values())


def _as_billed(call: CallSnapshot, cdr: Iterable[CdrRow], queue_log: Sequence[QueueLine]) -> CallSnapshot:
    """What a bill cannot know is not claimed: who ended a talk, why, and in a queue when it began."""
    rows = [row for row in cdr if row.linkedid in call.keys]
    said = {line.event for line in queue_log if line.call_id in call.keys}
    if call.answered_at is None:
        return call
    ended_by = EndedBy.CLIENT if CALLER_ENDED in said else EndedBy.AGENT if AGENT_ENDED in said else None
    guessed = "CONNECT" not in said and any(
        row.app == "Queue" or (not row.app and row.answer is not None and row.answer <= row.start) for row in rows
    )
    return replace(call, ended_by=ended_by, complete=call.complete and not guessed)
