"""Which rows of the gap ledger excuse whom: our own absence everybody, a lost PBX those whose phones are on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.outages import Gap
from crm_core.store.database import Reader

#: The source of our own absence.
SYSTEM = "system"

#: A phone of any PBX: see ``devices.pbx``.
_ANY = ""

_GAPS = """
SELECT source, from_at, to_at
FROM gaps
WHERE COALESCE(to_at, $1) > $2 AND from_at < $1
    AND (source = 'system' OR source IN (SELECT pbx FROM pbx_links))
ORDER BY from_at
"""

_PHONES = """
SELECT user_id, array_agg(DISTINCT pbx) AS pbxs
FROM devices
WHERE user_id = ANY($1::uuid[])
GROUP BY user_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """The gaps of a time, and whose phones are where."""

    gaps: tuple[Gap, ...]
    phones: Mapping[UUID, frozenset[str]]

    @property
    def own(self) -> list[Gap]:
        """When we were away ourselves."""
        return [gap for gap in self.gaps if gap.source == SYSTEM]

    def of(self, agent_id: UUID | None, via: str) -> list[Gap]:
        """The gaps in which this agent, or the people of a queue, could not have kept a promise of that kind."""
        if via != "call":
            return self.own
        pbxs = self.phones.get(agent_id, frozenset({_ANY})) if agent_id else frozenset({_ANY})
        return [gap for gap in self.gaps if gap.source == SYSTEM or _ANY in pbxs or gap.source in pbxs]


async def outages(db: Reader, agents: Collection[UUID], *, since: datetime, now: datetime) -> Outages:
    """The gaps between ``since`` and ``now``, for the promises of these agents."""
    gaps = tuple(Gap(**dict(row)) for row in await db.fetch(_GAPS, now, since))
    # Without a gap it does not matter whose phone is where.
    rows = await db.fetch(_PHONES, list(agents)) if gaps else []
    return Outages(gaps=gaps, phones={row["user_id"]: frozenset(row["pbxs"]) for row in rows})
