"""What became of the sound of a call: named by the PBX, looked for, found or not.

A file may come minutes after its call, from another machine; so it is looked
for with growing patience, and for so long only. Whether there is something to
hear is never guessed: it was seen, or it is said what was seen instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class RecordingState(StrEnum):
    """How far a recording has come."""

    AWAITED = "awaited"  # named by the PBX, its file not seen whole yet
    AVAILABLE = "available"
    EMPTY = "empty"  # a file without a sound in it, as MixMonitor's option `b` leaves for an unanswered call
    MISSING = "missing"  # looked for until there was no more hope
    GONE = "gone"  # was there once


class Encoding(StrEnum):
    """How a sound is written down; of these only GSM and raw samples are more than a browser can play."""

    PCM = "pcm"
    ALAW = "alaw"
    ULAW = "ulaw"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"
    GSM = "gsm"
    UNKNOWN = "unknown"


#: Browsers play these by themselves.
PLAYABLE = frozenset(Encoding) - {Encoding.GSM, Encoding.UNKNOWN}

#: A file that was not there is looked for again so soon, then twice as long after, and so on.
FIRST_PATIENCE = timedelta(seconds=3)
LONGEST_PATIENCE = timedelta(hours=1)
#: What has not come so long after its call will not come.
HOPE_LASTS = timedelta(days=1)
#: Seeking so long after the beginning still belongs to the same hearing.
HEARING_LASTS = timedelta(hours=1)
#: So long an ended call's file may still be nothing but its header.
STILL_EMPTY = timedelta(seconds=30)


def next_look_at(*, looks: int, began: datetime, now: datetime) -> datetime | None:
    """When to look again after so many looks in vain; None when there is no more hope."""
    if now - began >= HOPE_LASTS:
        return None
    doubled = FIRST_PATIENCE * float(1 << min(looks, 20))
    return now + min(doubled, LONGEST_PATIENCE)
