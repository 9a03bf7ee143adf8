"""Nothing is answered before it is stored."""

from __future__ import annotations

from crm_core.actions import webchat
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.webchat import Said, Site, Stored
from crm_core.domain.webchat import Visit
from crm_core.store.database import Database
from crm_core.store.webchat import Thread


async def keep(db: Database, site: Site, thread: Thread, visit: Visit, said: Said) -> Stored:
    """Store what a visitor said; returns after COMMIT."""
    while True:
        try:
            async with db.begin(steady_plans=True) as tx:
                return await webchat.record(tx, site, thread.visitor_id, visit, said)
        except FactTakenElsewhere:
            continue  # in another tab, at this moment: now it is known
