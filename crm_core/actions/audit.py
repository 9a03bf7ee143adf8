"""Who looked at, listened to or changed what; the table is only ever added to."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction, to_json

_WRITE = """
INSERT INTO audit_log (id, at, user_id, action, subject_kind, subject_id, details, address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def write(
    tx: Transaction,
    action: str,
    *,
    by: UUID | None,
    subject_kind: str | None = None,
    subject_id: UUID | None = None,
    details: dict[str, object] | None = None,
    address: str | None = None,
) -> None:
    """``action`` is a word for programs, ``recording.heard``; ``address`` is where the request came from."""
    row = (new_id(tx.now), tx.now, by, action, subject_kind, subject_id, to_json(details or {}), address)
    await tx.execute(_WRITE, *row)
