"""Sites and their visitors, and what a visitor may see of what was said to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from crm_core.domain.webchat import SHOWN, Visit, Vouched
from crm_core.store.database import Reader, Record, Transaction, to_json
from crm_core.store.ids import AMONG_FIRST, as_ids

# By primary key.
_FIND_SITE = """
SELECT secret
FROM webchat_sites
WHERE name = $1
"""

_MAKE_SITE = """
INSERT INTO webchat_sites (name)
VALUES ($1)
ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name
RETURNING secret
"""

# By primary keys.
_COUNT_PEOPLE = """
SELECT count(*)
FROM queue_members member
JOIN users person ON person.id = member.user_id AND person.enabled
WHERE member.queue = $1
"""

# By primary key.
_FIND_SUBJECT = """
SELECT source, subject
FROM webchat_visitors
WHERE id = $1
"""

# By webchat_visitors_subject_key.
_FIND_BY_SUBJECT = """
SELECT id
FROM webchat_visitors
WHERE source = $1 AND subject = $2
"""

# Whoever was anonymous until now becomes the one that the site names; nobody becomes somebody else.
_VOUCH = """
INSERT INTO webchat_visitors AS visitor (id, source, subject, name, email, phone)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE
SET subject = EXCLUDED.subject, seen_at = now(),
    name = EXCLUDED.name, email = EXCLUDED.email, phone = EXCLUDED.phone
WHERE visitor.source = EXCLUDED.source AND COALESCE(visitor.subject, EXCLUDED.subject) = EXCLUDED.subject
RETURNING id
"""

# Held until the end: two first words of one visitor open one conversation. What brought them stays as it was first.
_NOTE_VISIT = """
INSERT INTO webchat_visitors AS visitor (id, source, language, page, title, referrer, tags)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
ON CONFLICT (id) DO UPDATE
SET seen_at = now(), language = COALESCE(EXCLUDED.language, visitor.language),
    page = COALESCE(EXCLUDED.page, visitor.page), title = COALESCE(EXCLUDED.title, visitor.title),
    referrer = COALESCE(visitor.referrer, EXCLUDED.referrer),
    tags = CASE WHEN visitor.tags = '{}' THEN EXCLUDED.tags ELSE visitor.tags END
RETURNING name, email, phone
"""

_SHOWN = f"""
message.kind = 'message'
    AND (message.direction = 'inbound' OR message.state IN ({", ".join(f"'{state}'" for state in sorted(SHOWN))}))
"""

# By conversations_thread_idx and messages_interaction_id_id_idx.
_HISTORY = f"""
SELECT message.id
FROM conversations conversation
JOIN messages message ON message.interaction_id = conversation.interaction_id
WHERE conversation.channel = 'webchat' AND conversation.source = $1 AND conversation.thread = $2
    AND ($3::uuid IS NULL OR message.id < $3) AND {_SHOWN}
ORDER BY message.id DESC
LIMIT $4
"""  # noqa: S608  (a condition of our own)

# By primary key of messages: those of them that this visitor was told.
_TOLD = f"""
SELECT message.external_id
FROM messages message
JOIN conversations conversation ON conversation.interaction_id = message.interaction_id
WHERE message.id = {AMONG_FIRST} AND message.direction = 'outbound' AND {_SHOWN}
    AND conversation.channel = 'webchat' AND conversation.source = $2 AND conversation.thread = $3
"""  # noqa: S608

# Of what the visitor wrote, the manager of their last conversation has seen all but the last `unread`.
_READ_UNTIL = """
WITH latest AS (
    SELECT interaction_id, unread
    FROM conversations
    WHERE channel = 'webchat' AND source = $1 AND thread = $2
    ORDER BY interaction_id DESC
    LIMIT 1
)
SELECT message.id
FROM latest
JOIN messages message ON message.interaction_id = latest.interaction_id AND message.direction = 'inbound'
ORDER BY message.id DESC
OFFSET (SELECT unread FROM latest)
LIMIT 1
"""

# By primary key.
_THREADS = f"""
SELECT interaction_id, source, thread
FROM conversations
WHERE interaction_id = {AMONG_FIRST} AND channel = 'webchat'
"""  # noqa: S608

# By primary keys. A thread of another form was typed by somebody.
_VISIT = """
SELECT visitor.page, visitor.title, visitor.referrer, visitor.language, visitor.tags
FROM conversations conversation
JOIN webchat_visitors visitor
    ON visitor.id = CASE WHEN conversation.thread ~ '^[0-9a-f-]{36}$' THEN conversation.thread::uuid END
    AND visitor.source = conversation.source
WHERE conversation.interaction_id = $1 AND conversation.channel = 'webchat'
"""

# By primary key of message_files: to the one it was said to, or by.
_FIND_FILE = f"""
SELECT file.name, file.type, blob.data
FROM message_files file
JOIN messages message ON message.id = file.message_id
JOIN conversations conversation ON conversation.interaction_id = message.interaction_id
JOIN blobs blob ON blob.digest = file.digest
WHERE file.id = $1 AND {_SHOWN}
    AND conversation.channel = 'webchat' AND conversation.source = $2 AND conversation.thread = $3
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One visitor of one site, as conversations know them."""

    source: str
    visitor_id: UUID

    @property
    def name(self) -> str:
        return str(self.visitor_id)


def thread_of(source: str, name: str) -> Thread | None:
    """The visitor of a conversation; None: its thread was typed by somebody, and nobody listens there."""
    try:
        return Thread(source=source, visitor_id=UUID(name))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a site has vouched for of a visitor."""

    name: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file with its bytes; its name and type are somebody's words."""

    name: str
    type: str
    data: bytes


async def site_secret(db: Reader, name: str) -> UUID | None:
    secret: UUID | None = await db.fetchval(_FIND_SITE, name)
    return secret


async def make_site_secret(tx: Transaction, name: str) -> UUID:
    """The one it has, or a new one."""
    secret: UUID = await tx.fetchval(_MAKE_SITE, name)
    return secret


async def count_people(db: Reader, queue: str) -> int:
    """Who may be given its chats."""
    count: int = await db.fetchval(_COUNT_PEOPLE, queue)
    return count


async def is_anonymous(db: Reader, thread: Thread) -> bool:
    """Nobody has been vouched for under this identity, and it is no other site's."""
    row = await db.fetchrow(_FIND_SUBJECT, thread.visitor_id)
    return row is None or (row["source"] == thread.source and row["subject"] is None)


async def find_vouched(db: Reader, source: str, subject: str) -> UUID | None:
    """The visitor that the site knows by this name."""
    found: UUID | None = await db.fetchval(_FIND_BY_SUBJECT, source, subject)
    return found


async def vouch(tx: Transaction, thread: Thread, vouched: Vouched) -> bool:
    """From now on this visitor is whoever the site says; False: they are somebody else."""
    return (
        await tx.fetchval(
            _VOUCH,
            thread.visitor_id,
            thread.source,
            vouched.subject,
            vouched.name,
            vouched.email,
            vouched.phone,
        )
        is not None
    )


async def note_visit(tx: Transaction, thread: Thread, visit: Visit) -> Known:
    """Where they write from; gives what the site vouched for. The visitor is held until the end."""
    row = await tx.fetchrow(
        _NOTE_VISIT,
        thread.visitor_id,
        thread.source,
        visit.language,
        visit.page,
        visit.title,
        visit.referrer,
        to_json(dict(visit.tags)),
    )
    assert row is not None  # inserted or updated
    return Known(**row)


async def history(db: Reader, thread: Thread, *, before: UUID | None, limit: int) -> list[UUID]:
    """What they may see of what was said, the newest first."""
    return [row["id"] for row in await db.fetch(_HISTORY, thread.source, thread.name, before, limit)]


async def told(db: Reader, thread: Thread, ids: Iterable[UUID]) -> list[str]:
    """External ids of those of our messages that were said to this visitor."""
    return [row["external_id"] for row in await db.fetch(_TOLD, as_ids(ids), thread.source, thread.name)]


async def read_until(db: Reader, thread: Thread) -> UUID | None:
    """The last message of theirs that somebody of us has seen."""
    found: UUID | None = await db.fetchval(_READ_UNTIL, thread.source, thread.name)
    return found


async def threads_of(db: Reader, interaction_ids: Iterable[UUID]) -> dict[UUID, Thread]:
    """Whose these conversations are, of those that are web chats."""
    rows = await db.fetch(_THREADS, as_ids(interaction_ids))
    found = {row["interaction_id"]: thread_of(row["source"], row["thread"]) for row in rows}
    return {interaction_id: thread for interaction_id, thread in found.items() if thread is not None}


async def visit_of(db: Reader, interaction_id: UUID) -> Record | None:
    """Where the visitor of this conversation wrote last, and what brought them."""
    return await db.fetchrow(_VISIT, interaction_id)


async def find_file(db: Reader, thread: Thread, file_id: UUID) -> StoredFile | None:
    row = await db.fetchrow(_FIND_FILE, file_id, thread.source, thread.name)
    return None if row is None else StoredFile(**row)
