"""What strangers try, counted by whom it concerns, so that guessing and flooding are slowed down.

Attempts are noted before they are judged, so that parallel ones count as well.
A subject is a short text, ``login:…`` or ``form:…``; what people type stands
in it only as a hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crm_core.domain.errors import TooManyAttempts
from crm_core.store.database import Transaction

#: An attempt is remembered this long.
WINDOW = timedelta(minutes=15)

_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

# By login_attempts_subject_at_idx.
_COUNT = """
SELECT count(*) AS attempts, (array_agg(at ORDER BY at DESC))[$3] AS oldest_counted
FROM login_attempts
WHERE subject = $1 AND at > $2
"""

_ADD = """
INSERT INTO login_attempts (subject, at)
SELECT unnest($1::text[]), $2
RETURNING id
"""


async def count(tx: Transaction, subjects: Sequence[tuple[str, int]]) -> list[int]:
    """Note one attempt of each (subject, how many are allowed); returns its rows.

    Raises:
        TooManyAttempts: with the time until the next one is allowed.
    """
    for subject, allowed in subjects:
        await tx.execute(_HOLD, subject)
        row = await tx.fetchrow(_COUNT, subject, tx.now - WINDOW, allowed)
        if row is not None and row["attempts"] >= allowed:
            raise TooManyAttempts(retry_after=row["oldest_counted"] + WINDOW - tx.now)
    rows = await tx.fetch(_ADD, [subject for subject, _ in subjects], tx.now)
    return [row["id"] for row in rows]
