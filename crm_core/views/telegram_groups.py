"""Groups our bots are in, and the trip each is about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.store.database import Reader
from crm_core.views.model import WireModel


class TelegramGroup(WireModel):
    """``title`` is a stranger's words; ``gone_at``: the bot was put out of it."""

    bot: str
    chat_id: int
    title: str
    trip_id: UUID | None
    trip_title: str | None
    bound_at: datetime | None
    gone_at: datetime | None


class TelegramGroups(WireModel):
    """All of them; there are as many as trips with a group."""

    items: list[TelegramGroup]


_LIST = """
SELECT one.source AS bot, one.chat_id, one.title, one.trip_id, trip.title AS trip_title, one.bound_at, one.gone_at
FROM telegram_groups one
LEFT JOIN trips trip ON trip.id = one.trip_id
ORDER BY one.gone_at NULLS FIRST, one.title, one.chat_id
LIMIT 1000
"""


async def list_groups(db: Reader) -> list[TelegramGroup]:
    """Those the bots are in first."""
    return [TelegramGroup.model_validate(dict(row)) for row in await db.fetch(_LIST)]
