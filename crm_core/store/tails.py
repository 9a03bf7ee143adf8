"""Which promises are tails, as a condition; see ``crm_core.domain.tails``."""

from __future__ import annotations

from typing import Final

from crm_core.domain.tails import TAIL_AFTER

#: For ``FROM callbacks callback``: ``tail_from`` of the domain.
TAIL_FROM: Final = (
    f"COALESCE(callback.takeover_at, callback.due_at + interval '{TAIL_AFTER.total_seconds():.0f} seconds')"
)

#: The same as a question to this moment; the second it begins belongs to it.
IS_TAIL: Final = f"(callback.state IN ('open', 'claimed') AND {TAIL_FROM} <= now())"
