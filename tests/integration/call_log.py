"""The log of calls in a test's database: filled from recorded events, read as an owner reads it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any
from uuid import UUID

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracker import CallTracker
from crm_core.actions.calls import record_calls
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, InteractionFilters, list_interactions
from tests.replay.recordings import LAB_DIALECT, Heard

OWNER = Viewer(user_id=UUID(int=1), role=Role.OWNER, team_id=None)


async def hear(database: Database, *hearings: CallSnapshot) -> None:
    """A transaction for each."""
    for heard in hearings:
        async with database.begin() as tx:
            await record_calls(tx, [heard], country="KZ")


async def listen(database: Database, events: Iterable[Heard]) -> None:
    """As intake does, but with a transaction for every piece of news: every step is stored."""
    tracker = CallTracker(LAB_DIALECT, boot="lab")
    for heard in events:
        for news in tracker.feed(heard.event, heard.arrived):
            await hear(database, tracker.snapshot(news.linkedid))


async def listen_in_batches(
    database: Database, events: Iterable[Heard], *, dialect: PbxDialect = LAB_DIALECT, size: int = 200
) -> None:
    """As intake does: one look at each call of which a batch of events told something."""
    tracker, coming = CallTracker(dialect, boot="lab"), iter(events)
    while batch := list(islice(coming, size)):
        touched = {news.linkedid: None for heard in batch for news in tracker.feed(heard.event, heard.arrived)}
        calls = {call.linkedid: call for call in map(tracker.snapshot, touched)}
        async with database.begin() as tx:
            await record_calls(tx, list(calls.values()), country="KZ")


async def the_log(database: Database) -> list[Interaction]:
    async with database.read() as db:
        return (await list_interactions(db, OWNER, InteractionFilters(), limit=200)).items


def in_short(log: Iterable[Interaction]) -> list[dict[str, Any]]:
    """What must not depend on how it was heard: all but our own ids and the number of steps."""
    own = {"id", "leg_id", "version", "wrap_up_until"}

    def without_ids(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_ids(one) for name, one in value.items() if name not in own}
        return [without_ids(one) for one in value] if isinstance(value, list) else value

    return [without_ids(one.model_dump(mode="json")) for one in log]
