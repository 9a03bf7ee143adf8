"""One bot as Telegram keeps it: its chats, its queue of updates, who listens, what it has sent."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.bot_api.messages import Json
from tests.bot_api.refusals import OTHER_POLLER, WEBHOOK_IS_SET, WEBHOOK_TAKES_OVER, Refusal, too_many_requests

#: Updates nobody has confirmed are forgotten after this long.
KEPT_S = 24 * 3600
#: How long a pressed button waits for its answer; Telegram names no figure.
QUERY_S = 60
#: Without ``allowed_updates`` these are not told.
_ONLY_WHEN_ASKED = {"chat_member", "message_reaction", "message_reaction_count"}


class Breakage(Enum):
    """What the network does to one call."""

    CUT_BEFORE = "cut before it was heard"
    CUT_AFTER = "cut after it was done"
    SILENCE = "nothing is ever answered"


@dataclass
class Pace:
    """What Telegram lets through; a sliding window for each."""

    chat_s: float = 1.0  # one message in it to a person …
    burst: int = 1  # … or so many
    group_count: int = 20  # to one group in a minute
    group_s: float = 60.0
    all_count: int = 30  # to everybody in a second
    all_s: float = 1.0


@dataclass
class Chat:
    """As the bot may or may not write to it."""

    json: Json
    closed: Refusal | None = None  # blocked, kicked, deactivated: why nothing is let through
    moved_to: int | None = None


@dataclass(frozen=True)
class Sent:
    """A call that made a message, and the message."""

    method: str
    parameters: dict[str, Any]
    message: Json


@dataclass
class FakeBot:
    """What Telegram knows of a bot; tests act as its clients through it."""

    token: str = "42:AAtest-token_of_the_fake"
    username: str = "perezvon_test_bot"
    pace: Pace | None = None
    upload_limit: int = 50 * 2**20
    photo_limit: int = 10 * 2**20
    download_limit: int = 20 * 2**20
    skew_s: float = 0  # the clock is moved by tests
    chats: dict[int, Chat] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    answered: list[dict[str, Any]] = field(default_factory=list)  # pressed buttons
    calls: list[str] = field(default_factory=list)  # every method asked for, also the refused ones
    confirmed: list[int] = field(default_factory=list)  # update ids, in the order in which they were acknowledged
    files: dict[str, tuple[Json, bytes]] = field(default_factory=dict)
    broken: dict[str, deque[Refusal | Breakage]] = field(default_factory=lambda: defaultdict(deque))
    webhook: Json = field(default_factory=lambda: {"url": ""})
    allowed: frozenset[str] | None = None
    commands: dict[str, list[Json]] = field(default_factory=dict)  # by language; "": of all others

    def __post_init__(self) -> None:
        self._ids = itertools.count(800_000_001)
        self._queue: deque[tuple[float, Json]] = deque()
        self._poll: asyncio.Future[None] | None = None
        self._message_ids = itertools.count(100)
        self._queries: dict[str, float] = {}
        self._said: deque[tuple[float, int]] = deque()

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def json(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": "Perezvon", "username": self.username}

    def now(self) -> float:
        return time.time() + self.skew_s

    # What clients do

    def hears(self, kind: str, payload: Json, *, update_id: int | None = None) -> int:
        """Something happened that the bot is told of; gives the update's id, or 0 when it asked not to hear such."""
        self._get_to_know(payload)
        wanted = kind in self.allowed if self.allowed else kind not in _ONLY_WHEN_ASKED
        if not wanted:
            return 0
        number = update_id if update_id is not None else next(self._ids)
        if kind == "callback_query":
            self._queries[payload["id"]] = self.now()
        self.put_raw({"update_id": number, kind: payload})
        return number

    def put_raw(self, update: Json) -> None:
        """Whatever it is, told as it stands."""
        self._queue.append((self.now(), update))
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def blocked_by(self, person: Json) -> None:
        self.chat(person["id"]).closed = Refusal(403, "Forbidden: bot was blocked by the user")

    def chat(self, chat_id: int) -> Chat:
        return self.chats[chat_id]

    def knows(self, chat: Json) -> Chat:
        """They have met: the bot may write there."""
        return self.chats.setdefault(chat["id"], Chat(chat))

    def upgraded(self, group: Json, to: int) -> None:
        """A group becomes a supergroup: another id, told in both chats."""
        self.knows(group).moved_to = to
        supergroup = {"id": to, "type": "supergroup", "title": group["title"]}
        self.knows(supergroup)
        service = {"message_id": next(self._message_ids), "date": int(self.now())}
        self.hears("message", service | {"chat": group, "migrate_to_chat_id": to})
        self.hears("message", service | {"chat": supergroup, "migrate_from_chat_id": group["id"]})

    def holds_file(self, name: str, content: bytes, *, size: int | None = None) -> Json:
        """A file a client sent; ``size`` may say more than there is, for what is too big to be made."""
        json = {"file_id": f"id-{name}", "file_unique_id": f"u-{name}", "file_size": size or len(content)}
        self.files[json["file_id"]] = (json | {"file_path": f"documents/{name}"}, content)
        return json

    # What Telegram does

    @property
    def pending(self) -> list[Json]:
        """What is told next, oldest first; a day's old news is gone."""
        while self._queue and self._queue[0][0] < self.now() - KEPT_S:
            self._queue.popleft()
        return [update for _, update in self._queue]

    async def poll(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """``getUpdates``: confirm what is below ``offset``, give the rest again, wait for the first."""
        if self.webhook["url"]:
            raise WEBHOOK_IS_SET
        self.interrupt(OTHER_POLLER)
        if offset < 0:
            self.confirm([update["update_id"] for update in self.pending[:offset]])
        else:
            self.confirm([update["update_id"] for update in self.pending if update["update_id"] < offset])
        if not self.pending and timeout_s > 0:
            await self._wait_for_news(timeout_s)
        return self.pending[:limit]

    async def _wait_for_news(self, timeout_s: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        await asyncio.wait({poll}, timeout=timeout_s)
        if self._poll is poll:
            self._poll = None
        if poll.done():
            poll.result()

    @property
    def is_polled(self) -> bool:
        return self._poll is not None

    def interrupt(self, refusal: Refusal) -> None:
        """Whoever waits for updates is sent away."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(refusal)
            self._poll = None

    def hang_up(self) -> None:
        """Whoever waited for updates is no more, and Telegram has noticed."""
        self._poll = None

    def set_webhook(self, webhook: Json) -> None:
        if webhook["url"]:
            self.interrupt(WEBHOOK_TAKES_OVER)
        self.webhook = webhook

    def confirm(self, update_ids: list[int]) -> None:
        gone = set(update_ids)
        self.confirmed += [update["update_id"] for _, update in self._queue if update["update_id"] in gone]
        self._queue = deque(item for item in self._queue if item[1]["update_id"] not in gone)

    def is_open(self, query_id: str) -> bool:
        asked = self._queries.get(query_id)
        return asked is not None and self.now() - asked <= QUERY_S

    def close_query(self, query_id: str) -> None:
        del self._queries[query_id]

    def next_message_id(self) -> int:
        return next(self._message_ids)

    def count_message(self, chat: Chat) -> None:
        """One more message goes out.

        Raises:
            Refusal: too many of them.
        """
        if self.pace is None:
            return
        pace, now, chat_id = self.pace, self.now(), chat.json["id"]
        in_group = chat.json["type"] != "private"
        window, most = (pace.group_s, pace.group_count) if in_group else (pace.chat_s, pace.burst)
        longest = max(pace.group_s, pace.chat_s, pace.all_s)
        while self._said and self._said[0][0] <= now - longest:
            self._said.popleft()
        here = [at for at, where in self._said if where == chat_id and at > now - window]
        everywhere = [at for at, _ in self._said if at > now - pace.all_s]
        if len(here) >= most:
            raise too_many_requests(max(1, round(here[0] + window - now)))
        if len(everywhere) >= pace.all_count:
            raise too_many_requests(1)
        self._said.append((now, chat_id))

    def _get_to_know(self, payload: Json) -> None:
        for part in (payload, payload.get("message", {})):
            if isinstance(part, dict) and "chat" in part:
                self.knows(part["chat"])
