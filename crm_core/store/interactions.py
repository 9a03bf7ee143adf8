"""Whose an interaction is to see, in one place: for lists, for one by its id, and for whoever writes in it."""

from __future__ import annotations

from crm_core.domain.viewer import Viewer
from crm_core.store.conditions import Conditions

# Client and agent are looked up row by row: of the ids it is given the planner guesses too many, and would
# otherwise read every client there is.
OF_WHOM = """
LEFT JOIN LATERAL (SELECT name, owner_id FROM clients WHERE id = call.client_id OFFSET 0) client ON true
LEFT JOIN LATERAL (SELECT name, team_id FROM users WHERE id = call.agent_id OFFSET 0) agent ON true
"""

FROM_INTERACTIONS = f"FROM interactions call {OF_WHOM}"

# What an agent may see: what they had or were offered, what concerns the clients they own, what was written to a
# queue of theirs while nobody has it, and what a colleague has called them into.
_OWN = """(
    call.agent_id = {}
    OR client.owner_id = {}
    OR EXISTS (SELECT 1 FROM legs mine WHERE mine.interaction_id = call.id AND mine.agent_id = {})
    OR (
        call.agent_id IS NULL AND call.channel <> 'call'
        AND EXISTS (SELECT 1 FROM queue_members mine WHERE mine.queue = call.queue AND mine.user_id = {})
    )
    OR (
        call.channel <> 'call'
        AND EXISTS (SELECT 1 FROM mentions mine WHERE mine.user_id = {} AND mine.interaction_id = call.id)
    )
)"""

# What a supervisor of a team may see: its people's, its queues', its clients'.
_TEAM = """(
    agent.team_id = {}
    OR EXISTS (SELECT 1 FROM queues theirs WHERE theirs.name = ANY(call.queues) AND theirs.team_id = {})
    OR EXISTS (SELECT 1 FROM users owner WHERE owner.id = client.owner_id AND owner.team_id = {})
    OR EXISTS (
        SELECT 1 FROM legs leg JOIN users person ON person.id = leg.agent_id
        WHERE leg.interaction_id = call.id AND person.team_id = {}
    )
)"""


def narrow_to_scope(conditions: Conditions, viewer: Viewer) -> None:
    """Leave what the viewer may see of ``FROM_INTERACTIONS``."""
    if viewer.sees_everything:
        return
    if viewer.supervises:
        conditions.add(_TEAM, viewer.team_id)
    else:
        conditions.add(_OWN, viewer.user_id)
