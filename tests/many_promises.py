"""Promises by the thousand, put there by SQL: their manager is absent, and forty colleagues may be given them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Database, Transaction
from tests.people import add_agent

COLLEAGUES = 40
#: More than any of them is given here: it is the moving that is looked at, not who is full.
_ENOUGH = 10_000
GRACE = timedelta(minutes=10)

# Each of another client; as crm_core.actions.callbacks writes them under the two shipped rules.
_PROMISES = """
WITH made AS (
    INSERT INTO callbacks
        (id, address, agent_id, created_at, due_at, grace_from, warn_at, warned_at, escalate_at, takeover_at, next_at,
         policy, policies, policy_versions)
    SELECT gen_random_uuid(), '+7701' || lpad(n::text, 7, '0'), $1, at - interval '1 hour', at - $5::interval,
           at - $5, at - 2 * $5, at - 2 * $5, at, at + interval '72 hours', at,
           'strict-10m', '{strict-10m,soft-72h}', '{1,1}'
    FROM (SELECT n, $2::timestamptz + n * $3::interval AS at FROM generate_series(0, $4::int - 1) AS n) AS moments
    RETURNING id, agent_id, created_at
)
INSERT INTO callback_history (id, callback_id, agent_id, from_at, reason, explanation)
SELECT gen_random_uuid(), id, agent_id, created_at, 'promised', 'promised'
FROM made
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyPromises:
    """The absent manager, and who may be given what is theirs."""

    manager: UUID
    colleagues: tuple[UUID, ...]

    async def promise(
        self,
        tx: Transaction,
        count: int,
        *,
        move_at: datetime,
        apart: timedelta = timedelta(),
        of: UUID | None = None,
    ) -> None:
        """``count`` promises whose grace ends at that moment, or ``apart`` from each other from then on."""
        await tx.execute(_PROMISES, of or self.manager, move_at, apart, count, GRACE)


async def house_of_many(database: Database) -> ManyPromises:
    """People and their team, in a database that has none yet."""
    manager = await add_agent(database, "manager", extension=None, present=False)
    colleagues = [await add_agent(database, f"colleague{n}", extension=None) for n in range(COLLEAGUES)]
    async with database.begin() as tx:
        team = new_id(tx.now)
        await tx.execute(
            "INSERT INTO teams (id, name, hourly_cap, load_cap, load_warning) VALUES ($1, 'sales', $2, $2, $2)",
            team,
            _ENOUGH,
        )
        await tx.execute("UPDATE users SET team_id = $1", team)
        await tx.execute(
            "INSERT INTO absences (id, user_id, kind, from_at) VALUES ($1, $2, 'sick', $3)",
            new_id(tx.now),
            manager,
            tx.now - timedelta(hours=1),
        )
    return ManyPromises(manager=manager, colleagues=tuple(colleagues))
