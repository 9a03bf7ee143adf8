"""Whether the machine kept time while people telephoned on it.

A telephone call is real time. On a machine that withholds the processor (a busy
host of virtual machines, a laptop that throttles) voices come late, phones give
up early, and what a story then says is about the machine. Such a story may be
played again; one that fails while the machine kept time has failed.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

_BEAT_S = 0.05
_BEATS_KEPT = 36_000  # half an hour

#: Later than this and somebody's short wait, of a phone or of a test, is over before it should be.
LATE_S = 0.15
#: This share of the time that was asked for went to other machines of the same host.
WITHHELD = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """Of a stretch of time: the worst lateness of a beat, and the share of the processor's time not given."""

    late_s: float
    withheld: float

    @property
    def kept_time(self) -> bool:
        return self.late_s < LATE_S and self.withheld < WITHHELD

    def __str__(self) -> str:
        return f"a beat came {self.late_s * 1000:.0f} ms late, {self.withheld:.0%} of the processor was withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment, and the processor's ticks until then."""

    at: float  # monotonic
    given: int
    stolen: int


class Metronome:
    """Beats twenty times a second beside the tests, and remembers which beats came late.

    ``begin`` marks a moment; ``since_begin`` tells of the time from there until now. What went wrong while it did
    not keep time is in ``disturbed``.
    """

    def __init__(self) -> None:
        self.disturbed: dict[str, Steadiness] = {}
        self._failed: set[str] = set()
        self._late: deque[tuple[float, float]] = deque(maxlen=_BEATS_KEPT)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="metronome", daemon=True)
        self.begin()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def begin(self) -> Mark:
        """From now on; gives the mark to which :meth:`resume` returns."""
        given, stolen = _processor_time()
        self._begun = Mark(at=time.monotonic(), given=given, stolen=stolen)
        return self._begun

    def resume(self, mark: Mark) -> None:
        """Tell of the time since then, for what was played before its test began."""
        self._begun = mark

    def since_begin(self) -> Steadiness:
        given, stolen = _processor_time()
        given, stolen = given - self._begun.given, stolen - self._begun.stolen
        lates = [late for at, late in tuple(self._late) if at >= self._begun.at]
        return Steadiness(late_s=max(lates, default=0.0), withheld=stolen / (given + stolen) if stolen else 0.0)

    def note_failure(self, story: str) -> None:
        """It failed just now; whether it stands depends on the time since ``begin``."""
        steadiness = self.since_begin()
        if steadiness.kept_time:
            self._failed.add(story)
        else:
            self.disturbed[story] = steadiness

    def failures(self) -> bytes:
        """JSON for whoever may play the disturbed ones again: ``{"disturbed": […], "failed": […]}``."""
        disturbed = sorted(self.disturbed.keys() - self._failed)
        return json.dumps({"disturbed": disturbed, "failed": sorted(self._failed)}).encode()

    def _beat(self) -> None:
        expected = time.monotonic() + _BEAT_S
        while not self._ended.wait(max(expected - time.monotonic(), 0)):
            now = time.monotonic()
            self._late.append((now, now - expected))
            expected = now + _BEAT_S


def _processor_time() -> tuple[int, int]:
    """Ticks that this machine's processors worked, and ticks that they wanted to and were not let."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0, 0
    user, nice, system, _, _, irq, softirq, stolen, *_ = map(int, stat.read_text().split("\n", 1)[0].split()[1:])
    return user + nice + system + irq + softirq, stolen
