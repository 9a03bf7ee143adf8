"""From AMI bytes to the events of calls: ours against panoramisk with cacofonisk behind it, the same recording.

Ours twice: only what happened (``CallTracker.feed``), which is what cacofonisk
reports; and with the whole picture of every call that a read touched, which is
what the log is written from. Before anything is timed, the calls are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from cacofonisk.handlers import EventHandler
from cacofonisk.reporters import BaseReporter

from channels.telephony.frames import EventParser, FrameCutter
from channels.telephony.tracker import CallTracker
from crm_core.domain.calls import CallSnapshot, Outcome, outcome
from crm_core.domain.interactions import QueueRule
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import by_turns
from tests.benchmarks.traffic import FULL_READ, chunks, looped, panoramisk, recorded_for_us
from tests.replay.recordings import LAB_DIALECT

_NOW = datetime(2026, 11, 21, tzinfo=UTC)  # every event of the recording tells its own time


def run(scale: float) -> list[Figure]:
    """The recording is always heard whole, for half a call is no call; the scale says how often."""
    times = max(round(8 * scale), 1)
    count = len(recorded_for_us())
    pieces = chunks(looped(recorded_for_us(), count), FULL_READ)
    found = _compare(pieces)
    figures = []
    for what, whole in (("AMI bytes to call events", False), ("AMI bytes to whole calls", True)):
        rounds = by_turns(
            lambda whole=whole: [_ours(pieces, whole=whole) for _ in range(times)],
            lambda: [_theirs(pieces) for _ in range(times)],
        )
        figures.append(
            Figure(
                name=f"{what} / panoramisk + cacofonisk",
                measured=rounds.ratio,
                target=2,
                sizes=f"{times} × {count:,} events",
                detail=f"{rounds.detail(times * count, 'events')}; {found}",
            )
        )
    return figures


def _ours(pieces: Sequence[bytes], *, whole: bool) -> dict[str, CallSnapshot]:
    cutter, parser, tracker = FrameCutter(), EventParser(), CallTracker(LAB_DIALECT, boot="bench")
    calls: dict[str, CallSnapshot] = {}
    for piece in pieces:
        touched = set()
        for frame in cutter.feed(piece):
            event = parser.parse(frame)
            if event is not None:
                touched.update([news.linkedid for news in tracker.feed(event, _NOW)])
        if whole:
            calls.update({linkedid: tracker.snapshot(linkedid) for linkedid in touched})
    return calls


class _Reporter(BaseReporter):
    """Counts what cacofonisk tells."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Counter[str] = Counter()

    def on_up(self, caller: object, target: object) -> None:
        self.told["answered"] += 1

    def on_hangup(self, caller: object, reason: str) -> None:
        self.told[reason] += 1


def _theirs(pieces: Sequence[bytes]) -> Counter[str]:
    reporter = _Reporter()
    protocol = panoramisk(EventHandler(reporter).on_event)
    for piece in pieces:
        protocol.data_received(piece)
    return reporter.told


def _compare(pieces: Sequence[bytes]) -> str:
    """The calls that both found; says in words where they differ."""
    ours = Counter(
        outcome(call, short_abandon=QueueRule().short_abandon) for call in _ours(pieces, whole=True).values()
    )
    theirs = _theirs(pieces)
    assert theirs["answered"] == ours[Outcome.ANSWERED], f"{theirs} against {ours}"
    assert theirs["completed"] == ours.total(), f"{theirs} against {ours}"
    given_up = ours[Outcome.ABANDONED] + ours[Outcome.SHORT_ABANDONED]
    return (
        f"both found {ours.total()} calls, {theirs['answered']} of them answered; "
        f"the {given_up} that we call abandoned are completed to cacofonisk"
    )
