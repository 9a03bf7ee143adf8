"""People as they see themselves, and as an administrator sees them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.people import Role
from crm_core.store.database import Reader, Record
from crm_core.views.model import WireModel
from crm_core.views.paging import Page, decode_id, encode_cursor

_COLUMNS = """
SELECT person.id, person.login, person.name, person.role, person.locale, person.theme,
       person.team_id, team.name AS team_name, person.enabled, person.version,
       person.calendar_id, person.skills, person.languages, person.takes_work,
       (
           SELECT device.extension
           FROM devices device
           WHERE device.user_id = person.id
           ORDER BY device.position, device.pbx
           LIMIT 1
       ) AS extension,
       ARRAY(
           SELECT member.queue
           FROM queue_members member
           WHERE member.user_id = person.id
           ORDER BY member.queue
       ) AS queues
FROM users person
LEFT JOIN teams team ON team.id = person.team_id
"""

_GET_ONE = f"""
{_COLUMNS}
WHERE person.id = $1
"""

# By primary key: the newest people first.
_LIST = f"""
{_COLUMNS}
WHERE $1::uuid IS NULL OR person.id < $1
ORDER BY person.id DESC
LIMIT $2
"""


class Team(WireModel):
    """Whose supervisors see this person."""

    id: UUID
    name: str


class User(WireModel):
    """Somebody who signs in, as their own screen needs them."""

    id: UUID
    login: str
    name: str
    role: Role
    extension: str | None
    team: Team | None
    locale: Literal["ru", "en"] | None
    theme: Literal["light", "dark", "auto"] | None


class Account(User):
    """The same person on the administrator's page."""

    queues: list[str]
    calendar_id: UUID | None  # own hours; null: the team's
    skills: list[str]
    languages: list[str]
    takes_work: bool
    enabled: bool
    version: int


async def get_user(db: Reader, user_id: UUID) -> User:
    """The person with this id.

    Raises:
        NotFound: nobody has it.
    """
    return User.model_validate(_own(await _row(db, user_id)))


async def get_account(db: Reader, user_id: UUID) -> Account:
    """The same for an administrator.

    Raises:
        NotFound: nobody has this id.
    """
    return _account(await _row(db, user_id))


async def list_accounts(db: Reader, *, limit: int, cursor: str | None) -> Page[Account]:
    """Everybody, disabled people too, the newest first."""
    before = decode_id(cursor) if cursor else None
    rows = await db.fetch(_LIST, before, limit + 1)
    items = [_account(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def _row(db: Reader, user_id: UUID) -> Record:
    row = await db.fetchrow(_GET_ONE, user_id)
    if row is None:
        raise NotFound
    return row


def _account(row: Record) -> Account:
    return Account.model_validate(
        {**_own(row), **{name: row[name] for name in Account.model_fields if name not in User.model_fields}}
    )


def _own(row: Record) -> dict[str, object]:
    return {
        "id": row["id"],
        "login": row["login"],
        "name": row["name"],
        "role": row["role"],
        "extension": row["extension"],
        "team": Team(id=row["team_id"], name=row["team_name"]) if row["team_id"] else None,
        "locale": row["locale"],
        "theme": row["theme"],
    }
