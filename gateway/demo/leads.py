"""The demo's leads: one for whoever comes first, some in work, one sold and one lost; and a form that takes more."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from crm_core.actions import leads
from crm_core.actions.leads import LeadIn, LeadPatch
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Transaction

#: ``POST /api/v1/forms/demo-site`` is the form of the demo company's site.
SITE_KEY = "demo-site"

_OPEN_FORM = """
UPDATE lead_sources
SET site_key = $1, team_id = (SELECT team_id FROM users WHERE id = $2)
WHERE code = 'WEB_FORM'
"""

_MAKE_OLDER = """
UPDATE leads
SET created_at = created_at - $2::interval, accepted_at = accepted_at - $2::interval * 0.95
WHERE id = $1
"""

#: login of the owner (None: whoever is there), source, hours ago, stage, and what was left
_LEADS: tuple[tuple[str | None, str, float, str, dict[str, str]], ...] = (
    (
        "dinara",
        "WEB_FORM",
        5,
        "offer",
        {
            "name": "Жансая Оразбаева",
            "address": "+77015550101",
            "destination": "Хайнань",
            "note": "Двое и ребёнок 6 лет",
        },
    ),
    ("ruslan", "TELEGRAM", 3, "in_work", {"name": "Данияр", "address": "+77015550102", "note": "Дубай на ноябрь"}),
    ("aliya", "RECOMMENDATION", 28, "won", {"name": "Сауле Тлеубаева", "address": "saule@mail.example"}),
    ("timur", "PHONE", 30, "lost", {"name": "Игорь", "address": "+77015550104", "destination": "Мальдивы"}),
    (None, "WEB_FORM", 0.1, "new", {"name": "Марина", "address": "+77015550105", "note": "Вьетнам, ноябрь, вдвоём"}),
)


async def seed_leads(tx: Transaction, people: dict[str, UUID], *, country: str) -> None:
    """Write them down as the managers did."""
    await tx.execute(_OPEN_FORM, SITE_KEY, people["dinara"])
    for login, source, hours, stage, left in _LEADS:
        owner_id = people[login] if login else None
        by = Viewer(user_id=owner_id or people["zhanar"], role=Role.AGENT, team_id=None)
        given = LeadIn.model_validate({"source": source, "owner_id": owner_id, **left})
        lead_id = await leads.create(tx, by, given, country=country)
        if stage != "new":
            said = {"stage": stage, **({"lost_reason": "Дорого"} if stage == "lost" else {})}
            await leads.edit(tx, lead_id, by, LeadPatch.model_validate(said))
        await tx.execute(_MAKE_OLDER, lead_id, timedelta(hours=hours))
