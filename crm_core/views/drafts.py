"""Unfinished words, for whoever wrote them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from crm_core.store.database import Reader
from crm_core.views.model import WireModel

_GET = """
SELECT subject, body, updated_at
FROM drafts
WHERE user_id = $1 AND subject = $2
"""


class Draft(WireModel):
    """``body`` is the page's own business; empty, and never updated, when there is none."""

    subject: str
    body: dict[str, JsonValue]
    updated_at: datetime | None


async def get_draft(db: Reader, user_id: UUID, subject: str) -> Draft:
    """A person's own draft about one thing; not to have begun one is no error."""
    row = await db.fetchrow(_GET, user_id, subject)
    return Draft.model_validate(dict(row) if row else {"subject": subject, "body": {}, "updated_at": None})
