"""Hearing one bot by being told: Telegram knocks at our door with each update.

The answer 200 acknowledges, so it is given only after COMMIT; anything else and
Telegram knocks again. It knocks up to a hundred times at once and in any order.
Without the secret nobody is heard: the address of the door is no secret.
"""

from __future__ import annotations

import hmac
import json
from enum import IntEnum

import structlog

from channels.telegram.keeping import Store, keep
from channels.telegram.reader import read
from channels.telegram.values import Parked, Update
from crm_core.store.database import DATABASE_AWAY

logger = structlog.get_logger(__name__)

#: The header in which Telegram says what was agreed on.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)
#: Updates are a few kilobytes; more than this is not read.
LARGEST_BODY = 1024 * 1024


class Answer(IntEnum):
    """The status of the HTTP answer."""

    STORED = 200
    UNKNOWN_CALLER = 401
    TOO_LARGE = 413
    TRY_AGAIN = 503


class Webhook:
    """One bot's door; the gateway puts it on the web."""

    def __init__(self, bot: str, store: Store, *, username: str, secret: str) -> None:
        if not secret:
            raise ValueError("a webhook without a secret would believe anybody")
        self._bot = bot
        self._store = store
        self._username = username
        self._secret = secret.encode()

    async def receive(self, body: bytes, *, secret: str | None) -> Answer:
        """One knock: the whole body, and what its secret header says."""
        if not hmac.compare_digest((secret or "").encode("utf-8", "surrogatepass"), self._secret):
            return Answer.UNKNOWN_CALLER
        if len(body) > LARGEST_BODY:
            return Answer.TOO_LARGE
        try:
            await keep(self._store, (self._read(body),), bot=self._bot)
        except DATABASE_AWAY as away:
            logger.warning("an update has to wait", action="telegram_webhook_waits", bot=self._bot, error=repr(away))
            return Answer.TRY_AGAIN
        return Answer.STORED

    def _read(self, body: bytes) -> Update:
        try:
            return read(json.loads(body), username=self._username)
        except (ValueError, RecursionError) as error:  # no JSON, or one that never ends
            reason = f"it is no JSON: {type(error).__name__}"
            return Update(update_id=None, meaning=Parked(reason=reason), raw=body.decode("latin-1"))
