"""What we ask of a PBX, written down before it is sent.

A command is part of the transaction of the decision that wants it. Only the
node that owns the PBX link takes it, once, and never after it has expired:
nobody shall be called a minute after they gave up waiting for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction, to_json

_ASK = """
INSERT INTO pbx_commands (id, pbx, kind, payload, interaction_id, requested_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

# By pbx_commands_waiting_idx; taken before it is sent, so that a crash loses a command and never repeats one.
_TAKE = """
UPDATE pbx_commands
SET taken_at = clock_timestamp()
WHERE id IN (
    SELECT id
    FROM pbx_commands
    WHERE pbx = $1 AND taken_at IS NULL
    ORDER BY id
    LIMIT 50
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id, pbx, kind, payload, interaction_id, expires_at < clock_timestamp() AS expired
"""

_FINISH = """
UPDATE pbx_commands
SET finished_at = clock_timestamp(), error = $2
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing a PBX shall do: originate, hangup, decline, pause."""

    id: UUID
    pbx: str
    kind: str
    payload: Mapping[str, Any]
    interaction_id: UUID | None
    expired: bool


async def ask(
    tx: Transaction,
    *,
    pbx: str,
    kind: str,
    payload: Mapping[str, object],
    expires_in: timedelta,
    interaction_id: UUID | None = None,
    requested_by: UUID | None = None,
) -> None:
    """Write it down; the owner of the PBX link is woken after the commit."""
    await tx.execute(
        _ASK,
        new_id(tx.now),
        pbx,
        kind,
        to_json(payload),
        interaction_id,
        requested_by,
        tx.now,
        tx.now + expires_in,
    )
    tx.wake("commands")


async def take(tx: Transaction, pbx: str) -> list[Command]:
    """The commands that wait for this PBX, oldest first; each is given out once."""
    rows = await tx.fetch(_TAKE, pbx)
    commands = [Command(**dict(row)) for row in rows]
    return sorted(commands, key=lambda command: command.id)


async def finish(tx: Transaction, command_id: UUID, *, error: str | None) -> None:
    """Note how it went."""
    await tx.execute(_FINISH, command_id, error)
