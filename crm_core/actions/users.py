"""The people who work here: adding them, changing what they are, giving them keys.

What an account may do is its role; a person's phone, team and queues decide
which calls reach them, their skills, languages and hours which promises and
leads. An account is disabled, never deleted: it stands in old records, and what
it holds goes to others first. ``by`` is None when the operator acts at the command line.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NewType, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from crm_core.actions import audit, catalogues, sessions
from crm_core.actions.conversations import put_back_all
from crm_core.actions.holdings import HandOverIn, leave_nothing
from crm_core.actions.teams import check_calendar
from crm_core.domain.errors import DecisionRefused, ExtensionTaken, Forbidden, LoginTaken, NotFound
from crm_core.domain.events import AgentChanged
from crm_core.domain.ids import new_id
from crm_core.domain.people import Role, normalised_words
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store.audience import audience
from crm_core.store.database import Record, Transaction
from crm_core.store.watch import ELIGIBLE

#: What ``hash_password`` made; computed before the transaction, as it is slow.
PasswordHash = NewType("PasswordHash", str)
Theme = Literal["light", "dark", "auto"]

_UTC = ZoneInfo("UTC")

_ADD_USER = """
INSERT INTO users (id, login, name, role, team_id, password_hash, locale, skills, languages, takes_work)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_ADD_STATE = """
INSERT INTO agent_states (user_id)
VALUES ($1)
"""

_FIND_BY_LOGIN = """
SELECT id
FROM users
WHERE lower(login) = lower($1)
"""

_LOCK_USER = """
SELECT role
FROM users
WHERE id = $1
FOR NO KEY UPDATE
"""

# With the administrators ($2: when it is about rights); in id order, so that two who dismiss each other
# do not wait in a ring.
_LOCK_WITH_ADMINISTRATORS = """
SELECT id, name, role, team_id, calendar_id, skills, languages, takes_work, enabled
FROM users
WHERE id = $1 OR $2 AND enabled AND role IN ('admin', 'owner')
ORDER BY id
FOR NO KEY UPDATE
"""

# The whole row: who is being dismissed is given nothing at the same moment.
_LOCK_WHOLE = """
SELECT id
FROM users
WHERE id = $1
FOR UPDATE
"""

_SAVE_USER = """
UPDATE users
SET name = $2, role = $3, team_id = $4, calendar_id = $5, skills = $6, languages = $7, takes_work = $8, enabled = $9,
    version = version + 1
WHERE id = $1
"""

_SAVE_CREDENTIALS = """
UPDATE users
SET password_hash = $2, version = version + 1
WHERE id = $1
"""

_SAVE_LOOKS = """
UPDATE users
SET locale = $2, theme = $3, version = version + 1
WHERE id = $1
"""

_FIND_LOOKS = """
SELECT locale, theme
FROM users
WHERE id = $1
FOR NO KEY UPDATE
"""

_ENSURE_TEAM = """
INSERT INTO teams (id, name)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING
"""

_FIND_TEAM = """
SELECT id
FROM teams
WHERE name = $1
"""

_REMOVE_PHONE = """
DELETE FROM devices
WHERE user_id = $1
"""

_ADD_PHONE = """
INSERT INTO devices (id, user_id, extension)
VALUES ($1, $2, $3)
"""

_NEXT_STATE_VERSION = """
UPDATE agent_states
SET version = version + 1
WHERE user_id = $1
RETURNING version
"""

_ADD_BEARER = """
INSERT INTO api_tokens (id, user_id, token_hash, name)
VALUES ($1, $2, $3, $4)
"""


#: Changes that may leave nobody with the right to make them.
_RIGHTS = frozenset({"role", "enabled"})


class NotYourself(DecisionRefused):
    """Ask another administrator: nobody takes their own rights away by mistake."""

    code = "not_yourself"


class LastAdministrator(DecisionRefused):
    """Somebody must be left who may change what people may do."""

    code = "last_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person as they are first written down."""

    login: str
    name: str
    role: Role
    team: str | None = None  # by name; made when there is none
    extension: str | None = None
    queues: Collection[str] = ()  # made when there is none
    skills: Collection[str] = ()
    languages: Collection[str] = ()
    takes_work: bool | None = None  # None: agents do, those who lead them do not
    locale: str | None = None


class UserChanges(TypedDict, total=False):
    """Only what shall change; None takes the thing away."""

    name: str
    role: Role
    team: str | None
    extension: str | None
    queues: Collection[str]
    calendar_id: UUID | None  # None: the team's hours
    skills: Collection[str]
    languages: Collection[str]
    takes_work: bool  # False: the engine gives them nothing
    enabled: bool


class LooksChanges(TypedDict, total=False):
    """How a person likes their screens; None: as the company does."""

    locale: str | None
    theme: Theme | None


async def add_user(tx: Transaction, user: NewUser, password: PasswordHash | None, *, by: Viewer | None) -> UUID:
    """Write a person down; without a password they may use tokens only.

    Raises:
        LoginTaken, ExtensionTaken: somebody else has it.
        Forbidden: only an owner makes an owner.
    """
    _check_rank(by, user.role)
    user_id = new_id(tx.now)
    try:
        await tx.execute(
            _ADD_USER,
            user_id,
            user.login,
            user.name,
            user.role,
            await _team(tx, user.team),
            password,
            user.locale,
            normalised_words(user.skills),
            normalised_words(user.languages),
            user.role is Role.AGENT if user.takes_work is None else user.takes_work,
        )
    except asyncpg.UniqueViolationError as error:
        raise LoginTaken(login=user.login) from error
    await tx.execute(_ADD_STATE, user_id)
    if user.extension:
        await _give_phone(tx, user_id, user.extension)
    if user.queues:
        await catalogues.join_queues(tx, user_id, user.queues)
    await _note(tx, "user.added", user_id, by, login=user.login, role=user.role)
    await _announce(tx, user_id)
    return user_id


async def change_user(
    tx: Transaction,
    user_id: UUID,
    changes: UserChanges,
    *,
    by: Viewer,
    hand_over: HandOverIn | None = None,
    zone: ZoneInfo = _UTC,
) -> None:
    """Change a person's name, rights, place, phone or skills; disabling signs them out everywhere.

    Who is disabled leaves nothing behind: ``hand_over`` says to whom what they hold goes, and ``zone`` on whose
    clock it is told why.

    Raises:
        NotFound: nobody has this id.
        NotYourself: one's own role, or disabling oneself.
        LastAdministrator: nobody would be left who may change this.
        Forbidden: only an owner changes an owner.
        ExtensionTaken: somebody else has it.
        CalendarUnknown: there is no such calendar.
        HoldsPromises: they are to be disabled, and hold something.
    """
    person, others = await _lock_with_administrators(tx, user_id, about_rights=not changes.keys().isdisjoint(_RIGHTS))
    role, enabled = changes.get("role", Role(person["role"])), changes.get("enabled", person["enabled"])
    _check_rank(by, role, Role(person["role"]))
    if user_id == by.user_id and (role != person["role"] or not enabled):
        raise NotYourself
    _check_rights_remain(person, role if enabled else None, others)
    await check_calendar(tx, changes.get("calendar_id"))
    if person["enabled"] and not enabled:
        await tx.execute(_LOCK_WHOLE, user_id)
        await leave_nothing(tx, user_id, hand_over, by=by, why=_gone(person["name"]), zone=zone)
        await put_back_all(tx, by, user_id, words=_gone(person["name"]))
    await tx.execute(
        _SAVE_USER,
        user_id,
        changes.get("name", person["name"]),
        role,
        await _team(tx, changes["team"]) if "team" in changes else person["team_id"],
        changes.get("calendar_id", person["calendar_id"]),
        normalised_words(changes.get("skills", person["skills"])),
        normalised_words(changes.get("languages", person["languages"])),
        changes.get("takes_work", person["takes_work"]),
        enabled,
    )
    if "extension" in changes:
        await _give_phone(tx, user_id, changes["extension"])
    if "queues" in changes:
        await catalogues.join_queues(tx, user_id, changes["queues"])
    if not enabled:
        await sessions.end_sessions_of(tx, user_id)
    await _note(tx, "user.changed", user_id, by, changed=sorted(changes), role=role, enabled=enabled)
    await _announce(tx, user_id)
    tx.wake(ELIGIBLE)


async def set_password(tx: Transaction, user_id: UUID, password: PasswordHash, *, by: Viewer | None) -> None:
    """Give a person a new password; sessions opened with the old one end.

    Raises:
        NotFound: nobody has this id.
        Forbidden: only an owner changes an owner.
    """
    person = await tx.fetchrow(_LOCK_USER, user_id)
    if person is None:
        raise NotFound
    _check_rank(by, Role(person["role"]))
    await tx.execute(_SAVE_CREDENTIALS, user_id, password)
    await sessions.end_sessions_of(tx, user_id)
    await _note(tx, "password.set", user_id, by)


async def change_looks(tx: Transaction, user_id: UUID, changes: LooksChanges) -> None:
    """Remember the language and the theme a person chose for themselves."""
    looks = await tx.fetchrow(_FIND_LOOKS, user_id)
    if looks is None:
        raise NotFound
    await tx.execute(_SAVE_LOOKS, user_id, changes.get("locale", looks["locale"]), changes.get("theme", looks["theme"]))


async def create_token(tx: Transaction, login: str, *, name: str = "") -> str:
    """A bearer token for this person, told this once; only its hash is kept.

    Raises:
        NotFound: nobody has this login.
    """
    user_id: UUID | None = await tx.fetchval(_FIND_BY_LOGIN, login)
    if user_id is None:
        raise NotFound("Nobody has this login.", login=login)
    token = sessions.new_token()
    await tx.execute(_ADD_BEARER, new_id(tx.now), user_id, sessions.fingerprint(token), name)
    await _note(tx, "token.created", user_id, None, name=name)
    return token


async def _lock_with_administrators(tx: Transaction, user_id: UUID, *, about_rights: bool) -> tuple[Record, set[Role]]:
    """The person, and when it is about rights the ranks of the administrators beside them."""
    rows = await tx.fetch(_LOCK_WITH_ADMINISTRATORS, user_id, about_rights)
    person = next((row for row in rows if row["id"] == user_id), None)
    if person is None:
        raise NotFound
    return person, {Role(row["role"]) for row in rows if row["id"] != user_id}


def _check_rights_remain(person: Record, role: Role | None, others: set[Role]) -> None:
    """``role`` is what they will be; None: nothing any more. Without an owner nobody makes another."""
    before = Role(person["role"]) if person["enabled"] else None
    if before is Role.OWNER and role is not Role.OWNER and Role.OWNER not in others:
        raise LastAdministrator
    if before is Role.ADMIN and role not in {Role.ADMIN, Role.OWNER} and not others:
        raise LastAdministrator


def _gone(name: str) -> Words:
    return Words(ru=f"Прежний менеджер ({name}) здесь больше не работает.", en=f"{name} does not work here any more.")


def _check_rank(by: Viewer | None, *roles: Role) -> None:
    if by is not None and by.role is not Role.OWNER and Role.OWNER in roles:
        raise Forbidden("Only an owner may do this to an owner.")


async def _team(tx: Transaction, name: str | None) -> UUID | None:
    if name is None:
        return None
    await tx.execute(_ENSURE_TEAM, new_id(tx.now), name)
    team_id: UUID = await tx.fetchval(_FIND_TEAM, name)
    return team_id


async def _give_phone(tx: Transaction, user_id: UUID, extension: str | None) -> None:
    await tx.execute(_REMOVE_PHONE, user_id)
    if extension is None:
        return
    try:
        await tx.execute(_ADD_PHONE, new_id(tx.now), user_id, extension)
    except asyncpg.UniqueViolationError as error:
        raise ExtensionTaken(extension=extension) from error


async def _note(tx: Transaction, action: str, user_id: UUID, by: Viewer | None, **details: object) -> None:
    await audit.write(
        tx, action, by=by.user_id if by else None, subject_kind="user", subject_id=user_id, details=details
    )


async def _announce(tx: Transaction, user_id: UUID) -> None:
    version: int = await tx.fetchval(_NEXT_STATE_VERSION, user_id)
    tx.emit(AgentChanged(rooms=await audience(tx, [user_id]), agent_id=user_id, version=version))
