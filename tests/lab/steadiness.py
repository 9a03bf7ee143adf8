"""Whether the machine kept time while people telephoned on it.

A telephone call is real time. On a machine that withholds the processor (a busy
host of virtual machines, a laptop that throttles, other suites on the same cores)
or the disk, voices come late, phones give up early, and what a story then says is
about the machine. Such a story may be played again; one that fails while the
machine kept time has failed.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_BEAT_S = 0.05
_BEATS_KEPT = 36_000  # half an hour

#: Later than this and somebody's short wait, of a phone or of a test, is over before it should be.
LATE_S = 0.15
#: This share of the time that was asked for went to other machines of the same host.
WITHHELD = 0.08
#: This share of the time somebody here waited for a processor: more was wanted than there is.
SOUGHT_AFTER = 0.8
#: For this part of some second nothing could go on because all waited for the disk.
DISK_S = 0.5

_BEATS_A_SECOND = round(1 / _BEAT_S)
_PRESSURE = Path("/proc/pressure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """Of a stretch of time: the worst lateness of a beat, and what the processor and the disk did not give."""

    late_s: float
    withheld: float  # share of the processor's time
    sought_after: float = 0.0  # share of the time in which somebody waited for the processor
    disk_s: float = 0.0  # of its worst second, in which nothing but waiting for the disk was done

    @property
    def kept_time(self) -> bool:
        has_processor = self.withheld < WITHHELD and self.sought_after < SOUGHT_AFTER
        return self.late_s < LATE_S and has_processor and self.disk_s < DISK_S

    def __str__(self) -> str:
        return (
            f"a beat came {self.late_s * 1000:.0f} ms late, {self.withheld:.0%} of the processor was withheld, it was "
            f"waited for {self.sought_after:.0%} of the time, and for the disk {self.disk_s:.1f} s of a second"
        )


class _Beat(NamedTuple):
    at: float
    late_s: float
    disk_s: float  # waited for the disk, ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment, and the processor's ticks until then."""

    at: float  # monotonic
    given: int
    stolen: int
    sought_s: float  # waited for the processor, ever


class Metronome:
    """Beats twenty times a second beside the tests, and remembers which beats came late.

    ``begin`` marks a moment; ``since_begin`` tells of the time from there until now. What went wrong while it did
    not keep time is in ``remarks``.
    """

    def __init__(self) -> None:
        self.remarks: dict[str, Steadiness] = {}
        self._failed: dict[str, str] = {}
        self._disturbed: dict[str, str] = {}
        self._beats: deque[_Beat] = deque(maxlen=_BEATS_KEPT)
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
        sought_s = _waited_s("cpu", "some")
        self._begun = Mark(at=time.monotonic(), given=given, stolen=stolen, sought_s=sought_s)
        return self._begun

    def resume(self, mark: Mark) -> None:
        """Tell of the time since then, for what was played before its test began."""
        self._begun = mark

    def since_begin(self) -> Steadiness:
        given, stolen = _processor_time()
        given, stolen = given - self._begun.given, stolen - self._begun.stolen
        beats = [beat for beat in tuple(self._beats) if beat.at >= self._begun.at]
        took_s = max(time.monotonic() - self._begun.at, _BEAT_S)
        return Steadiness(
            late_s=max((beat.late_s for beat in beats), default=0.0),
            withheld=stolen / (given + stolen) if stolen else 0.0,
            sought_after=(_waited_s("cpu", "some") - self._begun.sought_s) / took_s,
            disk_s=_worst_second([beat.disk_s for beat in beats]),
        )

    def note_failure(self, story: str, account: str) -> None:
        """It failed just now, for the reason in ``account``; whether it stands depends on the time since ``begin``."""
        steadiness = self.since_begin()
        if steadiness.kept_time:
            self._failed.setdefault(story, f"{account}\nThe machine kept time: {steadiness}.")
        else:
            self.remarks[story] = steadiness
            self._disturbed.setdefault(story, f"{account}\nThe machine did not keep time: {steadiness}.")

    def failures(self) -> bytes:
        """JSON for whoever may play the disturbed ones again: what became of ``disturbed`` and ``failed`` tests."""
        disturbed = {story: account for story, account in self._disturbed.items() if story not in self._failed}
        return json.dumps({"disturbed": disturbed, "failed": self._failed}).encode()

    def _beat(self) -> None:
        expected = time.monotonic() + _BEAT_S
        while not self._ended.wait(max(expected - time.monotonic(), 0)):
            now = time.monotonic()
            self._beats.append(_Beat(now, now - expected, _waited_s("io", "full")))
            expected = now + _BEAT_S


def _worst_second(waited_s: list[float]) -> float:
    """By how much it grew from beat to beat within a second, at most."""
    before = waited_s[:1] * _BEATS_A_SECOND + waited_s
    return max((now - then for then, now in zip(before, waited_s, strict=False)), default=0.0)


def _waited_s(resource: str, who: str) -> float:
    """How long ``some`` of what runs here, or the ``full`` of it, has waited for the ``resource``, ever.

    By the kernel's pressure stall information; 0 on a kernel that does not keep it.
    """
    try:
        lines = (_PRESSURE / resource).read_text().splitlines()
    except OSError:
        return 0.0
    told = next((line for line in lines if line.startswith(who)), "total=0")
    return int(told.rpartition("total=")[2]) / 1_000_000


def _processor_time() -> tuple[int, int]:
    """Ticks that this machine's processors worked, and ticks that they wanted to and were not let."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0, 0
    user, nice, system, _, _, irq, softirq, stolen, *_ = map(int, stat.read_text().split("\n", 1)[0].split()[1:])
    return user + nice + system + irq + softirq, stolen
