"""Whether we hear each mailbox and bot, and until where everything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Transaction, to_json

_OPEN = """
INSERT INTO channel_links (channel, source, position)
VALUES ($1, $2, jsonb_build_object('since', now()::date))
ON CONFLICT (channel, source) DO NOTHING
"""

# By primary key.
_FIND = """
SELECT position, secret, heard_at
FROM channel_links
WHERE channel = $1 AND source = $2
"""

_SAVE_POSITION = """
UPDATE channel_links
SET position = position || $3::jsonb
WHERE channel = $1 AND source = $2
"""

# Since when it is so is told once for each change.
_SAVE_STATE = """
UPDATE channel_links
SET since = CASE WHEN state = $3 THEN since ELSE now() END,
    version = version + (state <> $3)::int,
    heard_at = CASE WHEN $3 = 'up' THEN now() ELSE heard_at END,
    state = $3, error = $4, address = COALESCE($5, address)
WHERE channel = $1 AND source = $2
"""


# By gaps_source_from_at_idx. Told again it is one gap.
_LOST = """
INSERT INTO gaps (id, source, from_at, to_at, cause, state)
SELECT $1, $2, $3, $4, $5, 'unrepaired'
WHERE NOT EXISTS (SELECT 1 FROM gaps WHERE source = $2 AND from_at = $3)
"""

LinkState = Literal["up", "down", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLink:
    """``position``: since which day it is heard, and until where everything is stored in the channel's own words."""

    position: Mapping[str, Any]
    secret: UUID
    heard_at: datetime | None = None  # the last sign of life


async def open_link(tx: Transaction, channel: WrittenChannel, source: str) -> ChannelLink:
    """The link as it was left, or a new one that begins today."""
    await tx.execute(_OPEN, channel, source)
    row = await tx.fetchrow(_FIND, channel, source)
    assert row is not None
    return ChannelLink(position=row["position"], secret=row["secret"], heard_at=row["heard_at"])


async def save_position(tx: Transaction, channel: WrittenChannel, source: str, position: Mapping[str, object]) -> None:
    """From here on; in the transaction that stores what came before."""
    await tx.execute(_SAVE_POSITION, channel, source, to_json(dict(position)))


async def record_state(
    tx: Transaction,
    channel: WrittenChannel,
    source: str,
    state: LinkState,
    *,
    error: str | None = None,
    address: str | None = None,
) -> None:
    """What whoever hears it says of it; ``refused``: a person must act. ``address``: what clients know it by."""
    await tx.execute(_SAVE_STATE, channel, source, state, error, address)


async def record_lost_for_good(
    tx: Transaction, channel: WrittenChannel, source: str, *, from_at: datetime, to_at: datetime
) -> None:
    """What was written to it then, the other side has forgotten: nobody can fetch it any more."""
    name = f"{channel}:{source}"  # a PBX may be called the same
    await tx.execute(_LOST, new_id(from_at), name, from_at, to_at, f"{channel} keeps nothing for so long")
