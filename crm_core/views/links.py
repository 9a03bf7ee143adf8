"""Which PBXs we hear."""

from __future__ import annotations

from crm_core.store.database import Reader

_LIST = """
SELECT pbx, state
FROM pbx_links
"""


async def link_states(db: Reader) -> dict[str, str]:
    """PBX name → ``up``, or ``down`` for any reason."""
    return {row["pbx"]: "up" if row["state"] == "up" else "down" for row in await db.fetch(_LIST)}
