"""Files that people have handed over and not yet sent: each its own copy, gone after a while.

Sending copies the bytes to where messages keep theirs, so what is taken back can be
attached again, and what nobody sends is forgotten without asking who else needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction

_PUT = """
INSERT INTO uploads (id, user_id, name, type, size, digest, data, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

# By primary key.
_ATTACH = """
WITH asked AS (
    SELECT asked.id, asked.position, upload.name, upload.type, upload.size, upload.digest, upload.data
    FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS asked (upload_id, id, position)
    JOIN uploads upload ON upload.id = asked.upload_id AND upload.user_id = $2
), kept AS (
    INSERT INTO blobs (digest, size, data)
    SELECT DISTINCT ON (digest) digest, size, data
    FROM asked
    ORDER BY digest
    ON CONFLICT (digest) DO NOTHING
)
INSERT INTO message_files (id, message_id, position, name, type, size, digest)
SELECT id, $1, position - 1, name, type, size, digest
FROM asked
RETURNING size
"""

# By uploads_stored_at_idx.
_PRUNE = """
DELETE FROM uploads
WHERE stored_at < $1
"""


async def put(tx: Transaction, user_id: UUID, *, name: str, media_type: str, data: bytes) -> UUID:
    upload_id = new_id(tx.now)
    digest = hashlib.sha256(data).digest()
    await tx.execute(_PUT, upload_id, user_id, name, media_type, len(data), digest, data, tx.now)
    return upload_id


async def attach(tx: Transaction, message_id: UUID, user_id: UUID, uploads: Sequence[UUID]) -> list[int]:
    """Let the message have them, in this order; gives their sizes, fewer than asked for where one is not theirs."""
    ids = [new_id(tx.now) for _ in uploads]
    return [row["size"] for row in await tx.fetch(_ATTACH, message_id, user_id, list(uploads), ids)]


async def prune(tx: Transaction, before: datetime) -> None:
    await tx.execute(_PRUNE, before)
