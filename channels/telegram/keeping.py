"""Nothing is acknowledged before it is stored, and nothing that cannot be stored stops the rest.

``Store`` is the other end of the room. It returns only after its COMMIT, quietly
passes over what it holds already (by ``Update.key``), and can always hold a parked
update, which is only bytes. When the database is away it raises one of
``DATABASE_AWAY``; what it raises besides is about the update.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from channels.telegram.values import Parked, Update
from crm_core.store.database import DATABASE_AWAY

logger = structlog.get_logger(__name__)

Store = Callable[[Sequence[Update]], Awaitable[None]]


async def keep(store: Store, updates: Sequence[Update], *, bot: str) -> None:
    """Store them together, or one by one when one of them cannot be stored.

    Raises:
        one of ``DATABASE_AWAY``: some may be stored and some not; tell it all again.
    """
    try:
        await store(updates)
    except DATABASE_AWAY:
        raise
    except Exception as fault:
        logger.error("updates cannot be stored together", action="telegram_batch_not_stored", bot=bot, exc_info=fault)
        for update in updates:
            await _keep_one(store, update, bot)


async def _keep_one(store: Store, update: Update, bot: str) -> None:
    try:
        await store((update,))
    except DATABASE_AWAY:
        raise
    except Exception as fault:
        logger.error(
            "an update cannot be stored",
            action="telegram_update_not_stored",
            bot=bot,
            update_id=update.update_id,
            exc_info=fault,
        )
        await store((replace(update, meaning=Parked(reason=f"it could not be stored: {fault!r}")),))
