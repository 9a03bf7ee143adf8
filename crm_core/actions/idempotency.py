"""A request that is sent again gets the answer it got, and happens once.

The answer is stored in the transaction that does the work, so there is no
moment at which one exists without the other. While the first request is still
at work, its twin is told to come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.errors import DecisionRefused, InputRejected
from crm_core.store.database import Transaction

#: How long an answer is kept: longer than any client retries.
KEEP_FOR = timedelta(hours=24)

_TRY_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 1))
"""

_FIND = """
SELECT request_hash, status, body
FROM idempotency_keys
WHERE user_id = $1 AND key = $2
"""

_ADD = """
INSERT INTO idempotency_keys (user_id, key, request_hash, status, body)
VALUES ($1, $2, $3, $4, $5)
"""

_PRUNE = """
DELETE FROM idempotency_keys
WHERE created_at < $1
"""


class RequestInProgress(DecisionRefused):
    """The same request is being worked on; ask again in a moment."""

    code = "request_in_progress"
    retry_after = timedelta(seconds=1)


class KeyReused(InputRejected):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One person's request under the key they chose; ``digest`` tells it from others."""

    user_id: UUID
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, as it was sent."""

    status: int
    body: bytes


async def find_answer(tx: Transaction, request: Request) -> Answer | None:
    """The answer this request got before; None: it is new, and ours to do in this transaction.

    Raises:
        RequestInProgress: another transaction is doing it.
        KeyReused: the key belongs to a different request.
    """
    if not await tx.fetchval(_TRY_LOCK, str(request.user_id), request.key):
        raise RequestInProgress
    row = await tx.fetchrow(_FIND, request.user_id, request.key)
    if row is None:
        return None
    if row["request_hash"] != request.digest:
        raise KeyReused
    return Answer(status=row["status"], body=row["body"])


async def remember(tx: Transaction, request: Request, answer: Answer) -> None:
    """Store the answer beside what was done."""
    await tx.execute(_ADD, request.user_id, request.key, request.digest, answer.status, answer.body)


async def prune(tx: Transaction, *, now: datetime) -> None:
    """Forget answers nobody will ask for again."""
    await tx.execute(_PRUNE, now - KEEP_FOR)
