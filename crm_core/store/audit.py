"""Who did what, kept apart from what it was done to, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
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
    details: Mapping[str, object] | None = None,
    address: str | None = None,
) -> None:
    """Note in this transaction that ``by`` (None: the operator at the command line, or the system) did ``action``.

    ``details`` never hold a password, a token or what a client said.
    """
    await tx.execute(
        _WRITE, new_id(tx.now), tx.now, by, action, subject_kind, subject_id, to_json(details or {}), address
    )
