"""The demo's working hours and a vacation ahead; its teams are always open, at whatever hour it is looked at."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import absences, calendars
from crm_core.actions.absences import AbsenceIn, AbsenceKind
from crm_core.actions.calendars import CalendarIn
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Transaction

_DAY = [{"opens": "09:00", "closes": "13:00"}, {"opens": "14:00", "closes": "19:00"}]
_SATURDAY = [{"opens": "10:00", "closes": "15:00"}]

_GIVE = """
UPDATE users
SET calendar_id = $2
WHERE id = $1
"""


async def seed_hours(tx: Transaction, people: dict[str, UUID], *, timezone: str) -> None:
    """An office for who leads the sales, and a vacation ahead."""
    office = CalendarIn.model_validate(
        {"name": "Офис", "zone": timezone, "country": "KZ", "week": [*([_DAY] * 5), _SATURDAY, []]}
    )
    await tx.execute(_GIVE, people["zhanar"], await calendars.create(tx, office, by=people["admin"]))
    elena = Viewer(user_id=people["elena"], role=Role.AGENT, team_id=None)
    begins = tx.now + timedelta(days=9)
    vacation = AbsenceIn(kind=AbsenceKind.VACATION, from_at=begins, to_at=begins + timedelta(days=14))
    await absences.create(tx, elena, vacation, zone=ZoneInfo(timezone))
