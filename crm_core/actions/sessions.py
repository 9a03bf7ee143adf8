"""Who is signed in, and for how long.

A browser holds a random cookie, a program a bearer token; we hold only their
SHA-256. What a person may do is read with every request, so a role taken away
or an account disabled counts at once; open sockets ask :func:`still_valid`.
Guessing is slowed down per login and address, never by locking anybody out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from crm_core.actions.passwords import is_password
from crm_core.domain.errors import BadCredentials, DecisionRefused
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store import attempts
from crm_core.store.database import Database, Reader, Record, Transaction

SessionHash = NewType("SessionHash", bytes)
TokenId = NewType("TokenId", UUID)

#: Bearer tokens begin with this, so that a scanner finds one that leaked.
TOKEN_PREFIX = "pz_"  # noqa: S105  (not a secret)

#: However much a session is used, it ends after this.
SESSION_LIFE = timedelta(days=7)
#: The moment of last use is written at most this often.
TOUCH_EVERY = timedelta(minutes=1)

ATTEMPTS_PER_LOGIN = 10  # from one address
ATTEMPTS_PER_ADDRESS = 200  # over all logins: an office behind one address has many people who mistype

_FIND_CREDENTIALS = """
SELECT id, password_hash
FROM users
WHERE lower(login) = lower($1) AND enabled
"""

_FORGET_ATTEMPTS = """
DELETE FROM login_attempts
WHERE subject = $1 OR id = ANY($2::bigint[])
"""

_ADD_SESSION = """
INSERT INTO sessions (token_hash, user_id, csrf_token, created_at, last_seen_at, expires_at, user_agent, address)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7)
"""

_FIND_SESSION = """
SELECT person.id, person.role, person.team_id, session.token_hash, session.csrf_token,
       session.last_seen_at < clock_timestamp() - $3::interval AS stale
FROM sessions session
JOIN users person ON person.id = session.user_id AND person.enabled
WHERE session.token_hash = $1
  AND session.expires_at > clock_timestamp()
  AND session.last_seen_at > clock_timestamp() - $2::interval
"""

_TOUCH_SESSION = """
UPDATE sessions
SET last_seen_at = clock_timestamp()
WHERE token_hash = $1
"""

_FIND_BEARER = """
SELECT person.id, person.role, person.team_id, token.id AS token_id,
       token.last_used_at IS NULL OR token.last_used_at < clock_timestamp() - $2::interval AS stale
FROM api_tokens token
JOIN users person ON person.id = token.user_id AND person.enabled
WHERE token.token_hash = $1 AND token.revoked_at IS NULL
"""

_TOUCH_BEARER = """
UPDATE api_tokens
SET last_used_at = clock_timestamp()
WHERE id = $1
"""

_LIVING_SESSIONS = """
SELECT session.token_hash, person.id, person.role, person.team_id
FROM sessions session
JOIN users person ON person.id = session.user_id AND person.enabled
WHERE session.token_hash = ANY($1::bytea[])
  AND session.expires_at > clock_timestamp()
"""

_LIVING_TOKENS = """
SELECT token.id AS token_id, person.id, person.role, person.team_id
FROM api_tokens token
JOIN users person ON person.id = token.user_id AND person.enabled
WHERE token.id = ANY($1::uuid[]) AND token.revoked_at IS NULL
"""

_END_SESSION = """
DELETE FROM sessions
WHERE token_hash = $1
"""

_END_SESSIONS_OF = """
DELETE FROM sessions
WHERE user_id = $1
"""

_PRUNE_SESSIONS = """
DELETE FROM sessions
WHERE expires_at < $1 OR last_seen_at < $2
"""

_PRUNE_ATTEMPTS = """
DELETE FROM login_attempts
WHERE at < $1
"""


class NotSignedIn(DecisionRefused):
    """Sign in first: there is no session, or it has ended."""

    code = "not_signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who has proved who they are, and by what."""

    viewer: Viewer
    credential: SessionHash | TokenId
    csrf_token: str | None  # None for bearer tokens, which no browser sends by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A fresh session; ``cookie`` is told once, to the browser."""

    user_id: UUID
    cookie: str
    csrf_token: str


def fingerprint(secret: str) -> bytes:
    """What is stored of a cookie or token: 128 random bits and more need no salt and no slow hash."""
    # Headers may hold bytes that are no text; they are nobody's secret, and no error either.
    return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()


def new_token() -> str:
    """A bearer token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


async def sign_in(db: Database, *, login: str, password: str, address: str, user_agent: str) -> NewSession:
    """Check a password and open a session under a new id, whatever the browser held before.

    Two short transactions around the slow hash, so that no connection waits for it.

    Raises:
        BadCredentials: no such login, wrong password, or disabled: nobody is told which.
        TooManyAttempts: with the time until the next one is allowed.
    """
    subjects = _subjects(login, address)
    async with db.begin() as tx:
        counted = await attempts.count(tx, subjects)
        person = await tx.fetchrow(_FIND_CREDENTIALS, login)
    if not await is_password(password, person["password_hash"] if person else None):
        raise BadCredentials
    assert person is not None
    async with db.begin() as tx:
        await tx.execute(_FORGET_ATTEMPTS, subjects[0][0], counted)
        return await _open_session(tx, person["id"], address, user_agent)


async def _open_session(tx: Transaction, user_id: UUID, address: str, user_agent: str) -> NewSession:
    session = NewSession(user_id=user_id, cookie=secrets.token_urlsafe(32), csrf_token=secrets.token_urlsafe(24))
    await tx.execute(
        _ADD_SESSION,
        fingerprint(session.cookie),
        user_id,
        session.csrf_token,
        tx.now,
        tx.now + SESSION_LIFE,
        user_agent[:200],
        address,
    )
    return session


def _subjects(login: str, address: str) -> list[tuple[str, int]]:
    """What attempts are counted by, and how many are allowed; hashed, as people type passwords into login fields."""
    both = hashlib.sha256(f"{login.casefold()}\n{address}".encode()).hexdigest()
    return [(f"login:{both}", ATTEMPTS_PER_LOGIN), (f"address:{address}", ATTEMPTS_PER_ADDRESS)]


async def authenticate_session(db: Database, cookie: str, *, idle: timedelta) -> Principal:
    """The person behind a session cookie; using it keeps it alive for another ``idle``.

    Raises:
        NotSignedIn: unknown, ended, unused for too long, or the person is disabled.
    """
    async with db.read() as reader:
        row = await reader.fetchrow(_FIND_SESSION, fingerprint(cookie), idle, TOUCH_EVERY)
        if row is None:
            raise NotSignedIn
        if row["stale"]:
            await reader.execute(_TOUCH_SESSION, row["token_hash"])
    return Principal(viewer=_viewer(row), credential=SessionHash(row["token_hash"]), csrf_token=row["csrf_token"])


async def authenticate_token(db: Database, token: str) -> Principal:
    """The person behind a bearer token.

    Raises:
        NotSignedIn: unknown, revoked, or the person is disabled.
    """
    async with db.read() as reader:
        row = await reader.fetchrow(_FIND_BEARER, fingerprint(token), TOUCH_EVERY)
        if row is None:
            raise NotSignedIn
        if row["stale"]:
            await reader.execute(_TOUCH_BEARER, row["token_id"])
    return Principal(viewer=_viewer(row), credential=TokenId(row["token_id"]), csrf_token=None)


async def still_valid(db: Reader, principals: Collection[Principal]) -> set[Principal]:
    """Those of ``principals`` whose session or token lives and whose rights are unchanged; for open sockets.

    A session that was not used for too long ends for them when ``prune`` forgets it.
    """
    sessions = [who.credential for who in principals if not isinstance(who.credential, UUID)]
    tokens = [who.credential for who in principals if isinstance(who.credential, UUID)]
    living: dict[bytes | UUID, Viewer] = {}
    if sessions:
        living |= {row["token_hash"]: _viewer(row) for row in await db.fetch(_LIVING_SESSIONS, sessions)}
    if tokens:
        living |= {row["token_id"]: _viewer(row) for row in await db.fetch(_LIVING_TOKENS, tokens)}
    return {who for who in principals if living.get(who.credential) == who.viewer}


async def sign_out(tx: Transaction, session: SessionHash) -> None:
    """End one session; ending it twice is no news."""
    await tx.execute(_END_SESSION, session)


async def end_sessions_of(tx: Transaction, user_id: UUID) -> None:
    """Sign a person out everywhere: after a new password, or when they are disabled."""
    await tx.execute(_END_SESSIONS_OF, user_id)


async def prune(tx: Transaction, *, now: datetime, idle: timedelta) -> None:
    """Forget what can no longer be used: ended sessions and old attempts."""
    await tx.execute(_PRUNE_SESSIONS, now, now - idle)
    await tx.execute(_PRUNE_ATTEMPTS, now - attempts.WINDOW)


def _viewer(row: Record) -> Viewer:
    return Viewer(user_id=row["id"], role=Role(row["role"]), team_id=row["team_id"])
