"""What the log knows of a mailbox or bot when a process takes it over."""

from __future__ import annotations

from crm_core.actions.channel_links import ChannelLink, open_link
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.outage import Outage


async def link_of(database: Database, channel: WrittenChannel, source: str) -> ChannelLink:
    """As whoever had it before us left it; asked until the database answers."""
    outage = Outage(f"the database, for {channel} {source}")
    while True:
        try:
            async with database.begin() as tx:
                return await open_link(tx, channel, source)
        except DATABASE_AWAY as away:
            await outage.wait(away)
