"""Ready answers as the composer shows them, and one filled for a conversation."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.canned import fill, in_language
from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader
from crm_core.views.conversations import get_listed_conversation
from crm_core.views.model import WireModel

_LIST = """
SELECT answer.id, answer.shortcut, answer.title, answer.texts AS text, answer.team_id, team.name AS team_name,
       answer.version
FROM canned_answers answer
LEFT JOIN teams team ON team.id = answer.team_id
WHERE $1 OR answer.team_id IS NULL OR answer.team_id = $2
ORDER BY answer.shortcut
"""

_ONE = """
SELECT texts
FROM canned_answers
WHERE id = $1
"""

# The trip that the conversation is about, else the one the client is on or goes on next.
_KNOWN = """
SELECT client.name, client.language, agent.name AS agent_name, trip.title, trip.hotel,
       to_char(trip.starts_on, 'DD.MM.YYYY') AS starts_on
FROM (SELECT $1::uuid AS client_id, $2::uuid AS agent_id, $3::uuid AS trip_id) asked
LEFT JOIN clients client ON client.id = asked.client_id
LEFT JOIN users agent ON agent.id = asked.agent_id
LEFT JOIN LATERAL (
    SELECT title, hotel, starts_on
    FROM trips
    WHERE id = asked.trip_id OR (asked.trip_id IS NULL AND client_id = asked.client_id AND ends_on >= now()::date)
    ORDER BY starts_on
    LIMIT 1
) trip ON true
"""


class CannedAnswer(WireModel):
    """``shortcut`` is typed after a slash; ``text`` by language, with ``{{variables}}``; null ``team_id``: for all."""

    id: UUID
    shortcut: str
    title: str
    text: dict[str, str]
    team_id: UUID | None
    team_name: str | None
    version: int


class CannedAnswers(WireModel):
    """The whole list: it has one page."""

    items: list[CannedAnswer]
    next: None = None


class FilledAnswer(WireModel):
    """In the client's language where it is written in that; places of what is not known are left as they are."""

    text: str


async def list_canned_answers(db: Reader, viewer: Viewer) -> CannedAnswers:
    """Those of everybody and of the viewer's team."""
    rows = await db.fetch(_LIST, viewer.sees_everything, viewer.team_id)
    return CannedAnswers(items=[CannedAnswer.model_validate(dict(row)) for row in rows])


async def fill_answer(
    db: Reader, viewer: Viewer, interaction_id: UUID, answer_id: UUID, *, usual_language: str
) -> FilledAnswer:
    """One with what is known of the client and their trip in its places.

    Raises:
        NotFound: there is no such answer or conversation, or none the viewer may see.
    """
    conversation = await get_listed_conversation(db, interaction_id, viewer)
    answer = await db.fetchrow(_ONE, answer_id)
    if answer is None:
        raise NotFound("There is no such answer.")
    row = await db.fetchrow(_KNOWN, conversation.client_id, viewer.user_id, conversation.trip_id)
    assert row is not None
    name = row["name"]
    known = {
        "client.name": name,
        "client.first_name": name.split()[0] if name and name.split() else None,
        "agent.name": row["agent_name"],
        "trip.title": row["title"],
        "trip.hotel": row["hotel"],
        "trip.starts_on": row["starts_on"],
    }
    return FilledAnswer(text=fill(in_language(answer["texts"], row["language"], usual_language), known))
