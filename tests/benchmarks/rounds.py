"""Us and a baseline by turns, in one run: only their ratio is worth anything on a machine that others use too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Seconds of processor time a round, ours and the baseline's; the ratios say how many times quicker we were."""

    ours: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median one."""
        return median(self._ratios)

    @property
    def worst(self) -> float:
        return min(self._ratios)

    @property
    def _ratios(self) -> list[float]:
        return [theirs / ours for ours, theirs in zip(self.ours, self.baseline, strict=True)]

    def detail(self, count: int, what: str) -> str:
        """The absolute figures behind the ratio, for ``count`` things a round."""
        ours, theirs = count / median(self.ours), count / median(self.baseline)
        return f"{ours:,.0f} against {theirs:,.0f} {what}/s; worst of {len(self.ours)} {self.worst:.2f} ×"


def by_turns(ours: Callable[[], object], baseline: Callable[[], object], *, rounds: int = ROUNDS) -> Rounds:
    """Each once for nothing, then both ``rounds`` times; who goes first changes every round."""
    ours(), baseline()
    spent: dict[Callable[[], object], list[float]] = {ours: [], baseline: []}
    for number in range(rounds):
        for work in (ours, baseline) if number % 2 else (baseline, ours):
            spent[work].append(_processor_time(work))
    return Rounds(ours=tuple(spent[ours]), baseline=tuple(spent[baseline]))


def _processor_time(work: Callable[[], object]) -> float:
    """Of this process alone: what other processes do beside it is not counted."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun
