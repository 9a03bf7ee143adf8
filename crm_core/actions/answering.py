"""The running clock of an answer, ended by whoever answers or closes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.domain.answering import Ended
from crm_core.domain.callbacks import lateness
from crm_core.domain.outages import late_by
from crm_core.store import answering as store
from crm_core.store.database import Transaction
from crm_core.store.outages import outages


async def end_clock(tx: Transaction, interaction_id: UUID, *, at: datetime, ended: Ended, by: UUID | None) -> None:
    """The client waits no more; how late it was, and whose lateness, is written down. Without a clock nothing is."""
    clock = await store.running(tx, interaction_id)
    if clock is not None:
        due_at, since = clock
        late = lateness(due_at, at)
        gaps = (await outages(tx, (), since=min(due_at, since), now=tx.now)).own if late else []
        await store.end(
            tx,
            interaction_id,
            at=max(at, since),
            ended=ended,
            by=by,
            late_s=late.total_seconds() if late else None,
            late_by=late_by(due_at, at, gaps),
        )
    await store.stop_watching(tx, interaction_id)
