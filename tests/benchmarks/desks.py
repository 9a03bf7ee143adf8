"""Many people with a token each, put into the database the short way."""

from __future__ import annotations

from crm_core.actions import users
from crm_core.domain.ids import new_id
from crm_core.store.database import Database

FIRST_EXTENSION = 3001


async def hire(database: Database, *, agents: int, supervisors: int = 0) -> list[str]:
    """Agents with a phone each, and supervisors of the whole floor; gives their tokens, agents first."""
    async with database.begin() as tx:
        tokens = []
        for number in range(agents + supervisors):
            person, login = new_id(tx.now), f"desk{number}"
            role = "agent" if number < agents else "admin"
            await tx.execute("INSERT INTO users (id, login, name, role) VALUES ($1, $2, $2, $3)", person, login, role)
            if number < agents:
                device = (new_id(tx.now), person, str(FIRST_EXTENSION + number))
                await tx.execute("INSERT INTO devices (id, user_id, extension) VALUES ($1, $2, $3)", *device)
            tokens.append(await users.create_token(tx, login))
    return tokens
