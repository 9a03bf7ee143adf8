"""Which mailboxes and bots we hear."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Reader

# A killed process takes nothing back: who hears says so every minute.
_STATES = """
SELECT source,
       CASE WHEN state = 'up' AND heard_at < now() - interval '5 minutes' THEN 'down' ELSE state END AS state
FROM channel_links
WHERE channel = $1
"""


async def states_of(db: Reader, channel: WrittenChannel, sources: Sequence[str]) -> dict[str, str]:
    """Of each of these: up, down or refused."""
    known = {row["source"]: row["state"] for row in await db.fetch(_STATES, channel)}
    return {source: known.get(source, "down") for source in sources}
