"""All that a manager's screen needs at once: after signing in, a reload, a lost connection."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader, Record
from crm_core.views.agents import Agent, load_agents
from crm_core.views.cards import Card, cards_for
from crm_core.views.interactions import Interaction, load_interactions
from crm_core.views.model import WireModel


class Offer(WireModel):
    """A call that rings at this desk now."""

    interaction: Interaction
    card: Card
    agent_id: UUID
    leg_id: UUID


class LiveContact(WireModel):
    """A call this manager talks on, or has still to close."""

    interaction: Interaction
    card: Card


class Hour(WireModel):
    """Calls answered in one hour of the day, in the company's zone."""

    hour: int
    answered: int


class Today(WireModel):
    """A manager's own figures since the day began in the company's zone."""

    answered: int
    missed: int
    talk_s: float
    average_talk_s: float | None
    promises_open: int
    promises_late: int
    hours: list[Hour]


class Desk(WireModel):
    """The state of one desk at ``seq``: later events say what has changed since."""

    agent: Agent
    offers: list[Offer]
    active: list[LiveContact]
    wrap_up: list[LiveContact]
    today: Today


# By legs_live_idx and interactions_live_idx.
_LIVE = """
SELECT call.id AS interaction_id, leg.id AS leg_id,
       CASE WHEN leg.answered_at IS NULL AND leg.role <> 'originate' THEN 'offer' ELSE 'active' END AS kind
FROM legs leg
JOIN interactions call ON call.id = leg.interaction_id
WHERE leg.agent_id = $1 AND leg.ended_at IS NULL AND call.state <> 'closed'
    AND (leg.rang OR leg.answered_at IS NOT NULL OR leg.role = 'originate')
UNION ALL
SELECT call.id, NULL, 'wrap_up'
FROM interactions call
WHERE call.agent_id = $1 AND call.state <> 'closed' AND call.state = 'wrap_up'
ORDER BY interaction_id
"""

# By legs_agent_id_offered_at_idx.
_TODAY = """
SELECT count(*) FILTER (WHERE leg.answered_at IS NOT NULL) AS answered,
       count(*) FILTER (WHERE leg.answered_at IS NULL AND leg.rang AND leg.result = 'no_answer') AS missed,
       COALESCE(sum(call.talk_s) FILTER (WHERE leg.answered_at IS NOT NULL), 0) AS talk_s,
       avg(call.talk_s) FILTER (WHERE leg.answered_at IS NOT NULL) AS average_talk_s
FROM legs leg
JOIN interactions call ON call.id = leg.interaction_id
WHERE leg.agent_id = $1 AND leg.offered_at >= $2 AND call.direction <> 'internal'
"""

_HOURS = """
SELECT extract(hour FROM leg.answered_at AT TIME ZONE $3)::int AS hour, count(*) AS answered
FROM legs leg
JOIN interactions call ON call.id = leg.interaction_id
WHERE leg.agent_id = $1 AND leg.offered_at >= $2 AND leg.answered_at IS NOT NULL AND call.direction <> 'internal'
GROUP BY 1
ORDER BY 1
"""

_DAY_START = "SELECT date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1"

# By callbacks_agent_id_due_at_idx.
_PROMISES = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < now()) AS late
FROM callbacks
WHERE agent_id = $1 AND state IN ('open', 'claimed')
"""


async def get_desk(db: Reader, viewer: Viewer, *, timezone: str) -> Desk:
    """``timezone`` says when the day began; it is the company's, from the settings."""
    live = await db.fetch(_LIVE, viewer.user_id)
    ids = [row["interaction_id"] for row in live]
    interactions = await load_interactions(db, ids)
    cards = await cards_for(db, interactions.values())
    agents = await load_agents(db, [viewer.user_id])
    return Desk(
        agent=agents[viewer.user_id],
        offers=[
            Offer(
                interaction=interactions[row["interaction_id"]],
                card=cards[row["interaction_id"]],
                agent_id=viewer.user_id,
                leg_id=row["leg_id"],
            )
            for row in live
            if row["kind"] == "offer"
        ],
        active=_contacts(live, "active", interactions, cards),
        wrap_up=_contacts(live, "wrap_up", interactions, cards),
        today=await _today(db, viewer.user_id, timezone),
    )


def _contacts(
    live: list[Record], kind: str, interactions: dict[UUID, Interaction], cards: dict[UUID, Card]
) -> list[LiveContact]:
    ids = dict.fromkeys(row["interaction_id"] for row in live if row["kind"] == kind)
    return [LiveContact(interaction=interactions[one], card=cards[one]) for one in ids]


async def _today(db: Reader, agent_id: UUID, timezone: str) -> Today:
    since: datetime = await db.fetchval(_DAY_START, timezone)
    figures = await db.fetchrow(_TODAY, agent_id, since)
    promises = await db.fetchrow(_PROMISES, agent_id)
    hours = await db.fetch(_HOURS, agent_id, since, timezone)
    assert figures is not None
    assert promises is not None
    return Today(
        **dict(figures),
        promises_open=promises["open"],
        promises_late=promises["late"],
        hours=[Hour(hour=row["hour"], answered=row["answered"]) for row in hours],
    )
