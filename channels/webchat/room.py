"""One site of the settings, as this process lives with it: what is written to its visitors is shown to them.

Any number of nodes do this side by side; each message is shown by one of them,
in one transaction, and told to the visitor by whichever node they are with.
"""

from __future__ import annotations

from datetime import tzinfo

from config.sections import WebchatSettings
from crm_core.actions import webchat
from crm_core.store.database import DATABASE_AWAY, Database, woken_within
from crm_core.store.outage import Outage
from crm_core.store.outgoing import TO_SEND

#: Wake-ups come at once; this is for what was to wait for its time, and the safety net.
_POLL_S = 0.5


class WebchatRoom:
    """Its mouth."""

    def __init__(self, site: WebchatSettings, database: Database, *, timezone: tzinfo) -> None:
        self._site = site
        self._database = database
        self._timezone = timezone

    async def run(self) -> None:
        """Until cancelled."""
        outage = Outage(f"the database, for what site {self._site.name} says")
        async with self._database.wakeups.waiter(TO_SEND) as woken:
            while True:
                woken.clear()
                try:
                    async with self._database.begin() as tx:
                        published = await webchat.publish(tx, self._site.name, timezone=self._timezone)
                    outage.over()
                except DATABASE_AWAY as away:
                    await outage.wait(away)
                else:
                    if not published:
                        await woken_within(woken, _POLL_S)
