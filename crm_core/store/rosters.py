"""The answers of a batch of choices, where those who read about one of them find them."""

from __future__ import annotations

from crm_core.domain.rosters import Roster
from crm_core.store.database import Transaction, to_json

_INSERT = """
INSERT INTO rosters (id, at, people, verdicts)
VALUES ($1, $2, $3, $4)
"""


async def keep(tx: Transaction, roster: Roster) -> None:
    """Before what names it is written."""
    await tx.execute(_INSERT, roster.id, roster.at, to_json(roster.people), to_json(roster.verdicts))
