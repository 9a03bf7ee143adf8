"""Telling of conversations: who hears of one, and that it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_core.domain.events import FLOOR, InteractionChanged, MessageChanged, Room, agent_room, team_room
from crm_core.store import inbox
from crm_core.store.database import Reader, Record, Transaction

# The manager and those who own the client, their supervisors, and everybody of a queue while nobody has it.
_FIND_ROOMS = """
SELECT interaction.id, interaction.agent_id, agent.team_id AS agent_team, queue.team_id AS queue_team,
       CASE WHEN interaction.agent_id IS NULL THEN
           ARRAY(SELECT user_id FROM queue_members member WHERE member.queue = interaction.queue) END AS members
FROM interactions interaction
LEFT JOIN users agent ON agent.id = interaction.agent_id
LEFT JOIN queues queue ON queue.name = interaction.queue
WHERE interaction.id = ANY($1::uuid[])
"""


async def rooms_of(db: Reader, ids: Sequence[UUID]) -> dict[UUID, tuple[Room, ...]]:
    """Who hears of these conversations: who has them, everybody of the queue while nobody has, their supervisors."""
    return {row["id"]: _rooms(row) for row in await db.fetch(_FIND_ROOMS, ids)}


def _rooms(row: Record) -> tuple[Room, ...]:
    people = {row["agent_id"], *(row["members"] or ())} - {None}
    teams = {row["agent_team"], row["queue_team"]} - {None}
    return (FLOOR, *map(agent_room, people), *map(team_room, teams))


async def rooms_of_one(db: Reader, interaction_id: UUID) -> tuple[Room, ...]:
    """Who hears of this conversation."""
    return (await rooms_of(db, [interaction_id]))[interaction_id]


async def touched(tx: Transaction, interaction_id: UUID) -> tuple[int, tuple[Room, ...]]:
    """It has changed: its new version, and who has to hear of it."""
    version = (await inbox.touch(tx, [interaction_id]))[interaction_id]
    return version, await rooms_of_one(tx, interaction_id)


async def tell_changed(tx: Transaction, interaction_id: UUID, *, also: tuple[Room, ...] = ()) -> None:
    """Whoever hears of it now, and ``also`` those who did until now."""
    version, rooms = await touched(tx, interaction_id)
    tx.emit(InteractionChanged(rooms=(*rooms, *also), interaction_id=interaction_id, version=version))


async def tell_message(tx: Transaction, interaction_id: UUID, message_id: UUID, *, version: int) -> None:
    """Whoever hears of its conversation: this message is new, or not as it was."""
    rooms = await rooms_of_one(tx, interaction_id)
    tx.emit(MessageChanged(rooms=rooms, interaction_id=interaction_id, message_id=message_id, version=version))
