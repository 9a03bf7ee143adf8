"""What the stories of clients and promises share: viewers, teams, and moving a promise's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database, Transaction


def agent(person: UUID) -> Viewer:
    return Viewer(user_id=person, role=Role.AGENT, team_id=None)


def supervisor(person: UUID, team: UUID) -> Viewer:
    return Viewer(user_id=person, role=Role.SUPERVISOR, team_id=team)


def owner(person: UUID) -> Viewer:
    return Viewer(user_id=person, role=Role.OWNER, team_id=None)


async def add_team(database: Database, name: str, *members: UUID) -> UUID:
    async with database.begin() as tx:
        team = new_id(tx.now)
        await tx.execute("INSERT INTO teams (id, name) VALUES ($1, $2)", team, name)
        await tx.execute("UPDATE users SET team_id = $1 WHERE id = ANY($2::uuid[])", team, list(members))
    return team


async def make_older(database: Database, callback_id: UUID, by: timedelta) -> None:
    """As if it had been promised that much earlier, for a moment that much earlier."""
    async with database.begin() as tx:
        await tx.execute(
            """UPDATE callbacks
               SET created_at = created_at - $2::interval, due_at = due_at - $2, grace_from = grace_from - $2,
                   warn_at = warn_at - $2, notify_at = notify_at - $2, escalate_at = escalate_at - $2,
                   takeover_at = takeover_at - $2, next_at = next_at - $2, claimed_at = claimed_at - $2,
                   claimed_until = claimed_until - $2
               WHERE id = $1""",
            callback_id,
            by,
        )


async def add_interaction(
    tx: Transaction,
    *,
    client: UUID | None,
    agent: UUID | None = None,
    started_at: datetime | None = None,
    address: str | None = None,
    state: str = "closed",
    direction: str = "inbound",
    ringing: UUID | None = None,
) -> UUID:
    """A call in the log; ``ringing``: whose phone it rings at this moment."""
    at = started_at or tx.now
    call = new_id(at)
    await tx.execute(
        """INSERT INTO interactions
               (id, channel, direction, state, external_id, client_id, client_address, agent_id, started_at)
           VALUES ($1, 'call', $2, $3, $4, $5, $6, $7, $8)""",
        call,
        direction,
        state,
        str(call),
        client,
        address,
        agent,
        at,
    )
    if ringing is not None:
        await tx.execute(
            """INSERT INTO legs (id, interaction_id, uniqueid, agent_id, channel, interface, role, offered_at, rang)
               VALUES ($1, $2, '1.1', $3, 'PJSIP/1001-1', 'PJSIP/1001', 'queue', $4, true)""",
            new_id(at),
            call,
            ringing,
            at,
        )
    return call
