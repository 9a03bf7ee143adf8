"""People and clients of a test's database, put there the short way."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Database


async def add_agent(
    database: Database, login: str, *, extension: str | None, role: str = "agent", present: bool = True
) -> UUID:
    """A person whose desk is open, with a phone if an extension is given."""
    async with database.begin() as tx:
        person = new_id(tx.now)
        await tx.execute(
            "INSERT INTO users (id, login, name, role) VALUES ($1, $2, $3, $4)", person, login, login.title(), role
        )
        state = "available" if present else "offline"
        await tx.execute(
            "INSERT INTO agent_states (user_id, present, state) VALUES ($1, $2, $3)", person, present, state
        )
        if extension is not None:
            await tx.execute(
                "INSERT INTO devices (id, user_id, extension) VALUES ($1, $2, $3)", new_id(tx.now), person, extension
            )
    return person


async def add_client(
    database: Database, name: str, *, phone: str | None = None, email: str | None = None, owner: UUID | None = None
) -> UUID:
    """A client who can be reached by one number, or one address."""
    async with database.begin() as tx:
        client = new_id(tx.now)
        await tx.execute("INSERT INTO clients (id, name, owner_id) VALUES ($1, $2, $3)", client, name, owner)
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $2, $3, $4, $4)",
            new_id(tx.now),
            client,
            "phone" if phone else "email",
            phone or email,
        )
    return client


async def events_of(database: Database) -> list[tuple[str, list[str]]]:
    """What the outbox tells, in the order it was written: wire name and rooms."""
    async with database.read() as db:
        rows = await db.fetch("SELECT type, rooms FROM outbox ORDER BY id")
    return [(row["type"], row["rooms"]) for row in rows]
