"""Hearing one bot by being told: Telegram knocks at our door with each update.

The answer 200 acknowledges, so it is given only after COMMIT; anything else and
Telegram knocks again. It knocks up to a hundred times at once and in any order.
Without the secret nobody is heard: the address of the door is no secret.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from channels.telegram.keeping import Store, keep
from channels.telegram.reader import read
from channels.telegram.values import Parked, Update
from crm_core.store.database import DATABASE_AWAY

logger = structlog.get_logger(__name__)

#: The header in which Telegram says what was agreed on.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)


class Answer(Enum):
    """What is answered to one knock."""

    STORED = auto()
    UNKNOWN_CALLER = auto()
    TRY_AGAIN = auto()


class Webhook:
    """One bot's door; the gateway puts it on the web. Until it is opened, Telegram is asked to knock again."""

    def __init__(self, bot: str, *, secret: str) -> None:
        if not secret:
            raise ValueError("a webhook without a secret would believe anybody")
        self._bot = bot
        self._secret = secret.encode()
        self._listener: _Listener | None = None

    @contextmanager
    def opened(self, store: Store, *, username: str) -> Iterator[None]:
        """While this lasts, what is brought to the bot of that ``username`` goes into ``store``."""
        self._listener = _Listener(store=store, username=username)
        try:
            yield
        finally:
            self._listener = None

    async def receive(self, read_body: Callable[[], Awaitable[bytes]], *, secret: str | None) -> Answer:
        """One knock: a stranger's body is not even read. What ``read_body`` raises goes on to the caller."""
        if not hmac.compare_digest((secret or "").encode("utf-8", "surrogatepass"), self._secret):
            return Answer.UNKNOWN_CALLER
        if (listener := self._listener) is None:
            return Answer.TRY_AGAIN
        update = _understood(await read_body(), listener.username)
        try:
            await keep(listener.store, (update,), bot=self._bot)
        except DATABASE_AWAY as away:
            logger.warning("an update has to wait", action="telegram_webhook_waits", bot=self._bot, error=repr(away))
            return Answer.TRY_AGAIN
        return Answer.STORED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    store: Store
    username: str


def _understood(body: bytes, username: str) -> Update:
    try:
        return read(json.loads(body), username=username)
    except (ValueError, RecursionError) as error:  # no JSON, or one that never ends
        reason = f"it is no JSON: {type(error).__name__}"
        return Update(update_id=None, meaning=Parked(reason=reason), raw=body.decode("latin-1"))
