"""What a writer has shown to be theirs, and whose conversation it is."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction, to_json

_REMEMBER = """
UPDATE conversations
SET proven = proven || $2
WHERE interaction_id = $1
"""

_PROVEN = """
SELECT proven
FROM conversations
WHERE interaction_id = $1
"""

_SET_CLIENT = """
UPDATE interactions
SET client_id = $2
WHERE id = $1
"""

_SET_NUMBER = """
UPDATE interactions
SET contact_number = $2
WHERE id = $1
"""

_ADD_POINT = """
INSERT INTO contact_points (id, client_id, kind, value, typed, position, verified)
SELECT $1, $2, $3, $4, $4, COALESCE(max(position) + 1, 0), $5
FROM contact_points
WHERE client_id = $2
ON CONFLICT (client_id, kind, value) DO UPDATE SET verified = contact_points.verified OR excluded.verified
"""


async def remember(tx: Transaction, interaction_id: UUID, kind: ContactPointKind, value: str) -> None:
    """Also when nobody is known by it yet."""
    await tx.execute(_REMEMBER, interaction_id, to_json({kind.value: value}))


async def proven(tx: Transaction, interaction_id: UUID) -> dict[ContactPointKind, str]:
    """Everything that was shown in this conversation."""
    said = await tx.fetchval(_PROVEN, interaction_id)
    return {ContactPointKind(kind): value for kind, value in said.items()}


async def set_client(tx: Transaction, interaction_id: UUID, client_id: UUID) -> None:
    await tx.execute(_SET_CLIENT, interaction_id, client_id)


async def set_contact_number(tx: Transaction, interaction_id: UUID, number: int) -> None:
    await tx.execute(_SET_NUMBER, interaction_id, number)


async def add_point(tx: Transaction, client_id: UUID, kind: ContactPointKind, value: str) -> None:
    """One of their addresses, as far as anybody knows."""
    await tx.execute(_ADD_POINT, new_id(tx.now), client_id, kind, value, False)


async def vouch(tx: Transaction, client_id: UUID, kind: ContactPointKind, value: str) -> None:
    """It certainly is theirs."""
    await tx.execute(_ADD_POINT, new_id(tx.now), client_id, kind, value, True)
