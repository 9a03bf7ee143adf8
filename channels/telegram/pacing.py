"""How often Telegram lets a bot speak.

Once a second to a chat, twenty times a minute to a group, thirty times a second in
all. Pure: ``now`` is any clock that only goes forward, in seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many messages in so many seconds."""

    count: int
    seconds: float


PER_CHAT = Rate(count=1, seconds=1)
PER_GROUP = Rate(count=20, seconds=60)
OVERALL = Rate(count=30, seconds=1)


class Pacing:
    """Remembers what was said, for as long as it matters."""

    def __init__(self, *, chat: Rate = PER_CHAT, group: Rate = PER_GROUP, overall: Rate = OVERALL) -> None:
        self._chat_rate, self._group_rate = chat, group
        self._overall = _Window(overall)
        self._chats: dict[int, tuple[_Window, ...]] = {}
        self._not_before: dict[int, float] = {}
        self._longest = max(chat.seconds, group.seconds)
        self._tidied = 0.0

    def wait(self, chat_id: int, now: float) -> float:
        """Seconds until something may be said there; 0 is now."""
        windows = self._chats.get(chat_id, ())
        told = self._not_before.get(chat_id, now) - now
        return max(0.0, told, self._overall.wait(now), *(window.wait(now) for window in windows))

    def note(self, chat_id: int, now: float, *, count: int = 1) -> None:
        """``count`` messages are being said there."""
        if now - self._tidied > self._longest:
            self._tidy(now)
        windows = self._chats.get(chat_id)
        if windows is None:
            rates = (self._chat_rate, self._group_rate) if chat_id < 0 else (self._chat_rate,)
            windows = self._chats[chat_id] = tuple(_Window(rate) for rate in rates)
        for window in (*windows, self._overall):
            window.note(now, count)

    def hold(self, chat_id: int, until: float) -> None:
        """Telegram said when it will listen there again."""
        self._not_before[chat_id] = max(until, self._not_before.get(chat_id, until))

    @property
    def chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats.keys() | self._not_before.keys())

    def _tidy(self, now: float) -> None:
        self._tidied = now
        self._not_before = {chat: until for chat, until in self._not_before.items() if until > now}
        self._chats = {
            chat: windows
            for chat, windows in self._chats.items()
            if any(not window.is_empty(now) for window in windows)
        }


class _Window:
    def __init__(self, rate: Rate) -> None:
        self._seconds = rate.seconds
        self._said: deque[float] = deque(maxlen=rate.count)

    def wait(self, now: float) -> float:
        full = len(self._said) == self._said.maxlen
        return max(0.0, self._said[0] + self._seconds - now) if full else 0.0

    def note(self, now: float, count: int) -> None:
        self._said.extend([now] * count)

    def is_empty(self, now: float) -> bool:
        return not self._said or self._said[-1] + self._seconds <= now
