"""Groups our bots are in, and the trip each is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Reader
from crm_core.views.model import WireModel


class TelegramGroup(WireModel):
    """``title`` is a stranger's words; ``gone_at``: the bot was put out of it."""

    bot: str
    chat_id: int
    title: str
    trip_id: UUID | None
    trip_title: str | None
    trip_starts_on: date | None
    trip_ends_on: date | None
    bound_at: datetime | None
    gone_at: datetime | None


class TelegramBot(WireModel):
    """``address``: what Telegram calls it, ``@bot``; null until Telegram has told."""

    name: str
    address: str | None


class TelegramGroups(WireModel):
    """All of them; there are as many as trips with a group. ``bots`` can be added to more."""

    items: list[TelegramGroup]
    bots: list[TelegramBot]


class TripCode(WireModel):
    """Typed in a group before ``expires_at``, it binds that group; once."""

    code: str
    expires_at: datetime


_LIST = """
SELECT one.source AS bot, one.chat_id, one.title, one.trip_id, trip.title AS trip_title,
       trip.starts_on AS trip_starts_on, trip.ends_on AS trip_ends_on, one.bound_at, one.gone_at
FROM telegram_groups one
LEFT JOIN trips trip ON trip.id = one.trip_id
ORDER BY one.gone_at NULLS FIRST, one.trip_id IS NOT NULL, one.title, one.chat_id
LIMIT 1000
"""

# By primary key.
_ADDRESSES = """
SELECT source, address
FROM channel_links
WHERE channel = $1
"""


async def telegram_groups(db: Reader, bots: Sequence[str]) -> TelegramGroups:
    """``bots``: those of the settings."""
    addresses = {row["source"]: row["address"] for row in await db.fetch(_ADDRESSES, WrittenChannel.TELEGRAM)}
    known = [TelegramBot(name=bot, address=addresses.get(bot)) for bot in bots]
    return TelegramGroups(items=await list_groups(db), bots=known)


async def list_groups(db: Reader) -> list[TelegramGroup]:
    """Those the bots are in first, and of them those that are about nothing yet."""
    return [TelegramGroup.model_validate(dict(row)) for row in await db.fetch(_LIST)]
