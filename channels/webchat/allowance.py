"""How much a stranger may do: so much at once, and so much a second for ever."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``burst`` at once, ``per_s`` afterwards."""

    burst: float
    per_s: float


class Allowances:
    """By whom it concerns; whoever has been quiet for long is forgotten."""

    def __init__(self, rate: Rate, *, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._left: dict[Hashable, tuple[float, float]] = {}
        self._swept_at = clock()

    def take(self, who: Hashable) -> timedelta | None:
        """One of theirs is used up; otherwise how long until there is one again."""
        now = self._clock()
        self._forget(now)
        left = self._left_of(who, now)
        if left < 1:
            return timedelta(seconds=(1 - left) / self._rate.per_s)
        self._left[who] = (left - 1, now)
        return None

    def _left_of(self, who: Hashable, now: float) -> float:
        left, at = self._left.get(who, (self._rate.burst, now))
        return min(self._rate.burst, left + (now - at) * self._rate.per_s)

    def _forget(self, now: float) -> None:
        full_again_s = self._rate.burst / self._rate.per_s
        if now - self._swept_at > full_again_s:
            self._swept_at = now
            self._left = {who: told for who, told in self._left.items() if now - told[1] < full_again_s}
