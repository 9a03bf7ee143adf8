"""Messages and their files: copied in, held, told how far they came.

Equal bytes are stored once, under their digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from uuid import UUID

from crm_core.domain.bounces import Bounce, Receivers
from crm_core.domain.ids import new_id
from crm_core.domain.written import HeardFile, Mark, MessageKind, MessageState, Trouble, WrittenChannel, excerpt
from crm_core.store.database import Reader, Transaction, to_json

_SAVE_BLOBS = """
INSERT INTO blobs (digest, size, data)
SELECT DISTINCT ON (digest) digest, length(data), data
FROM unnest($1::bytea[], $2::bytea[]) AS given (digest, data)
ORDER BY digest
ON CONFLICT (digest) DO NOTHING
"""

_MESSAGE_COLUMNS = (
    *("id", "interaction_id", "external_id", "kind", "direction", "state", "author_id", "from_address", "from_name"),
    *("to_addresses", "cc_addresses", "reply_to", "subject", "body", "own", "html", "marks", "answers", "album"),
    *("automatic", "privately", "at", "raw"),
)
_FILE_COLUMNS = ("id", "message_id", "position", "name", "type", "size", "digest", "inline_id")

_COLUMNS = "id, interaction_id, author_id, state, automatic, at"

# By primary key.
_FIND = f"SELECT {_COLUMNS} FROM messages WHERE id = $1"  # noqa: S608  (column names of our own)
_HOLD = f"{_FIND} FOR NO KEY UPDATE"

# By messages_external_id_idx.
_FIND_OURS = """
SELECT message.id
FROM messages message
JOIN conversations conversation ON conversation.interaction_id = message.interaction_id
WHERE message.external_id = $2 AND message.direction = 'outbound' AND conversation.channel = $1
ORDER BY message.id DESC
LIMIT 1
"""

# By messages_interaction_id_id_idx.
_LAST_OF_CLIENT = """
SELECT external_id
FROM messages
WHERE interaction_id = $1 AND direction = 'inbound'
ORDER BY automatic AND $2, at DESC, id DESC
LIMIT 1
"""

# By messages_interaction_id_id_idx.
_FIRST_AFTER = """
SELECT min(at)
FROM messages
WHERE interaction_id = $1 AND direction = 'inbound' AND NOT automatic AND at > $2
"""

# By messages_interaction_id_id_idx.
_COUNT_AUTOMATIC = """
SELECT count(*)
FROM messages
WHERE interaction_id = $1 AND direction = 'outbound' AND automatic AND at > $2
"""

_PROGRESS = """
UPDATE messages
SET state = $2, external_id = COALESCE($3, external_id), trouble = $4, trouble_code = $6, version = version + 1,
    sent_at = CASE WHEN $2::text IN ('sent', 'delivered', 'read') THEN COALESCE(sent_at, $5) ELSE sent_at END,
    delivered_at = CASE WHEN $2 = 'delivered' THEN $5 ELSE delivered_at END,
    read_at = CASE WHEN $2 = 'read' THEN $5 ELSE read_at END
WHERE id = $1
RETURNING version
"""

# By primary key.
_FIND_SAYING = """
SELECT message.id, message.interaction_id, message.external_id, conversation.thread, call.client_address,
       conversation.channel, call.our_address, author.name AS author_name, message.to_addresses AS to,
       message.cc_addresses AS cc, message.subject, message.body,
       message.answers, COALESCE(waiting.extras, '{}') AS extras, COALESCE(waiting.parts_said, 0) AS parts_said,
       message.automatic, message.privately, message.at
FROM messages message
LEFT JOIN outgoing waiting ON waiting.message_id = message.id
LEFT JOIN users author ON author.id = message.author_id
JOIN conversations conversation ON conversation.interaction_id = message.interaction_id
JOIN interactions call ON call.id = message.interaction_id
WHERE message.id = $1
"""

# By messages_interaction_id_id_idx. What never left is not named to others.
_MAILS_BEFORE = """
SELECT before.external_id,
       CASE WHEN before.external_id = $3 AND before.direction = 'inbound' THEN (
           SELECT substring(data FOR $4) FROM blobs WHERE digest = before.raw) END AS head
FROM messages before
WHERE before.interaction_id = $1 AND before.id < $2 AND before.kind = 'message'
    AND before.state NOT IN ('pending', 'failed')
ORDER BY before.id
"""

# More than any headers are long.
_HEAD_BYTES = 256 * 1024

# By interactions_client_address_idx.
_AUTOMATIC_LATELY = """
SELECT count(*)
FROM interactions call
JOIN messages message ON message.interaction_id = call.id
WHERE call.channel = 'email' AND call.client_address = $1
    AND message.automatic AND message.direction = 'outbound' AND message.at > now() - interval '1 hour'
"""

# By message_files_message_id_idx.
_FILES_OF_SAYING = """
SELECT file.name, file.type, blob.data
FROM message_files file
JOIN blobs blob ON blob.digest = file.digest
WHERE file.message_id = $1
ORDER BY file.position
"""

# An edit that is older than the wording we have, or told again, changes nothing.
_EDIT = """
UPDATE messages
SET body = $3, own = NULL, html = NULL, marks = $5, edited_at = $4, version = version + 1
WHERE id = $1 AND interaction_id = $2 AND (edited_at IS NULL OR edited_at < $4)
RETURNING version
"""

# By messages_external_id_idx.
_FIND_CLIENTS = """
SELECT id, interaction_id, author_id, state, automatic, at
FROM messages
WHERE external_id = $2 AND interaction_id = $1 AND direction = 'inbound'
LIMIT 1
"""

# By messages_interaction_id_id_idx. What has failed answered nobody.
_ANSWERED_SINCE = """
SELECT message.id, author.name AS author_name
FROM messages message
LEFT JOIN users author ON author.id = message.author_id
WHERE message.interaction_id = $1 AND message.id > $2 AND message.direction = 'outbound' AND message.kind = 'message'
    AND NOT message.automatic AND message.author_id IS DISTINCT FROM $3 AND message.state NOT IN ('failed', 'bounced')
ORDER BY message.id DESC
LIMIT 1
"""

# By messages_interaction_id_id_idx.
_FIND_ALBUM = """
SELECT id
FROM messages
WHERE interaction_id = $1 AND album = $2 AND direction = 'inbound'
ORDER BY id
LIMIT 1
"""

_APPEND = """
UPDATE messages
SET body = concat_ws(E'\n', NULLIF(body, ''), NULLIF($2, '')), version = version + 1
WHERE id = $1
RETURNING id AS message_id, interaction_id, version
"""

_NEXT_PLACE = """
SELECT COALESCE(max(position) + 1, 0)
FROM message_files
WHERE message_id = $1
"""

# By messages_external_id_idx.
_MARK_DELETED = """
UPDATE messages message
SET deleted_at = $4, version = message.version + 1
FROM conversations conversation
WHERE message.external_id = ANY($3::text[]) AND message.deleted_at IS NULL
    AND conversation.interaction_id = message.interaction_id
    AND conversation.channel = $1 AND conversation.source = $2
RETURNING message.id AS message_id, message.interaction_id, message.version
"""

# By primary key.
_HOLD_RECEIVERS = """
SELECT to_addresses, cc_addresses, COALESCE(bounces, '[]') AS bounces
FROM messages
WHERE id = $1
FOR NO KEY UPDATE
"""

_NOTE_BOUNCES = """
UPDATE messages
SET bounces = $2, version = version + 1
WHERE id = $1
RETURNING interaction_id, id AS message_id, version
"""

# By primary key.
_FIND_UNOPENED = """
SELECT message.interaction_id, link.secret
FROM messages message
JOIN conversations conversation ON conversation.interaction_id = message.interaction_id
JOIN channel_links link ON link.channel = conversation.channel AND link.source = conversation.source
WHERE message.id = $1 AND message.direction = 'outbound' AND message.opened_at IS NULL
    AND conversation.channel = 'email' AND conversation.source = ANY($2::text[])
"""

_MARK_OPENED = """
UPDATE messages
SET opened_at = $2, version = version + 1
WHERE id = $1 AND opened_at IS NULL
RETURNING version
"""

_NOTE_TROUBLE = """
UPDATE messages
SET trouble_code = $2, trouble = $3, version = version + 1
WHERE id = $1
"""

_CALL_IT = """
UPDATE messages
SET external_id = $2
WHERE id = $1
"""

_DELETE = """
DELETE FROM messages
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as far as the verbs look at it."""

    id: UUID
    interaction_id: UUID
    author_id: UUID | None
    state: MessageState
    automatic: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnopenedMail:
    """A mail of ours that nobody has opened yet, as far as we know; ``secret``: of its mailbox."""

    interaction_id: UUID
    secret: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleaguesAnswer:
    """What somebody else has answered."""

    id: UUID
    author_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMessage:
    """A message to be written: heard, or to be sent."""

    id: UUID
    interaction_id: UUID
    external_id: str
    direction: str
    state: MessageState
    body: str
    at: datetime
    kind: MessageKind = MessageKind.MESSAGE
    author_id: UUID | None = None
    from_address: str | None = None
    from_name: str | None = None
    to_addresses: tuple[str, ...] = ()
    cc_addresses: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str | None = None
    own: str | None = None
    html: str | None = None
    marks: tuple[Mark, ...] = ()
    answers: str | None = None
    album: str | None = None
    automatic: bool = False
    privately: bool = False
    raw: bytes | None = None
    files: tuple[HeardFile, ...] = ()

    @property
    def excerpt(self) -> str:
        return excerpt(self.own or self.body or self.subject or "")


async def insert_messages(tx: Transaction, fresh: Sequence[FreshMessage]) -> None:
    """Messages in nobody's log yet, with their files; equal bytes are stored once."""
    await _save_blobs(tx, (data for one in fresh for data in (one.raw, *(file.data for file in one.files))))
    await tx.copy("messages", _MESSAGE_COLUMNS, [_row(one) for one in fresh])
    files = [_file_row(one.at, one.id, place, file) for one in fresh for place, file in enumerate(one.files)]
    if files:
        await tx.copy("message_files", _FILE_COLUMNS, files)


async def find_album(tx: Transaction, interaction_id: UUID, album: str) -> UUID | None:
    """The message of that conversation whose parts share this name."""
    found: UUID | None = await tx.fetchval(_FIND_ALBUM, interaction_id, album)
    return found


async def append(tx: Transaction, message_id: UUID, part: FreshMessage) -> ChangedMessage:
    """One more part of an album that is stored already: its files and its words."""
    row = await tx.fetchrow(_APPEND, message_id, part.body)
    assert row is not None
    await _save_blobs(tx, (file.data for file in part.files))
    first: int = await tx.fetchval(_NEXT_PLACE, message_id)
    rows = [_file_row(tx.now, message_id, place, file) for place, file in enumerate(part.files, first)]
    await tx.copy("message_files", _FILE_COLUMNS, rows)
    return ChangedMessage(**row)


async def _save_blobs(tx: Transaction, contents: Iterable[bytes | None]) -> None:
    digests = {hashlib.sha256(data).digest(): data for data in contents if data is not None}
    if digests:
        await tx.execute(_SAVE_BLOBS, list(digests), list(digests.values()))


def _file_row(at: datetime, message_id: UUID, place: int, file: HeardFile) -> tuple[object, ...]:
    digest = hashlib.sha256(file.data).digest()
    return (new_id(at), message_id, place, file.name, file.type, len(file.data), digest, file.inline_id)


def _marks(marks: Sequence[Mark]) -> str | None:
    return to_json([asdict(mark) for mark in marks]) if marks else None


def _row(one: FreshMessage) -> tuple[object, ...]:
    values = {name: getattr(one, name) for name in _MESSAGE_COLUMNS}
    values["marks"] = _marks(one.marks)
    values["raw"] = None if one.raw is None else hashlib.sha256(one.raw).digest()
    return tuple(values.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidFile:
    """A file of ours that goes out with a message."""

    name: str
    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailThread:
    """What stands before a mail of ours, as far as other mail programs know it."""

    ids: tuple[str, ...] = ()  # the oldest first
    answered: bytes | None = None  # the beginning of the mail that is answered, as it came
    automatic_count: int = 0  # what we said to them by itself in the last hour, with this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A message as its channel says it."""

    id: UUID
    interaction_id: UUID
    external_id: str  # ours, until the other side gives it one
    thread: str  # the chat, the visitor, the token of the address we write from
    client_address: str | None
    our_address: str | None
    author_name: str | None
    to: Sequence[str]
    cc: Sequence[str]
    subject: str | None
    body: str
    answers: str | None  # external id of the client's message that it answers
    at: datetime  # when it was written
    files: tuple[SaidFile, ...] = ()
    extras: Mapping[str, object] = field(default_factory=dict)  # what its channel shows beside the words
    parts_said: int = 0  # of one that leaves in several: so many have
    automatic: bool = False  # nobody wrote it
    privately: bool = False  # to whoever asked in a group alone
    mails: MailThread = MailThread()


async def find_saying(db: Reader, message_id: UUID) -> Saying | None:
    row = await db.fetchrow(_FIND_SAYING, message_id)
    if row is None:
        return None
    values = dict(row)
    is_mail = values.pop("channel") == WrittenChannel.EMAIL
    files = await db.fetch(_FILES_OF_SAYING, message_id)
    saying = Saying(**values, files=tuple(SaidFile(**file) for file in files))
    return replace(saying, mails=await _find_mails(db, saying)) if is_mail else saying


async def _find_mails(db: Reader, saying: Saying) -> MailThread:
    rows = await db.fetch(_MAILS_BEFORE, saying.interaction_id, saying.id, saying.answers, _HEAD_BYTES)
    return MailThread(
        ids=tuple(row["external_id"] for row in rows),
        answered=next((row["head"] for row in rows if row["head"] is not None), None),
        automatic_count=await db.fetchval(_AUTOMATIC_LATELY, saying.client_address) if saying.automatic else 0,
    )


async def find_clients(db: Reader, interaction_id: UUID, external_id: str) -> StoredMessage | None:
    """The client's message of that name in that conversation."""
    row = await db.fetchrow(_FIND_CLIENTS, interaction_id, external_id)
    return None if row is None else StoredMessage(**{**row, "state": MessageState(row["state"])})


async def edit(
    tx: Transaction, message: StoredMessage, *, body: str, marks: Sequence[Mark], at: datetime
) -> int | None:
    """Its words from now on; gives its new version, None when that is no news."""
    version: int | None = await tx.fetchval(_EDIT, message.id, message.interaction_id, body, at, _marks(marks))
    return version


async def answered_since(db: Reader, interaction_id: UUID, after: UUID, *, by: UUID) -> ColleaguesAnswer | None:
    """The last answer that somebody other than ``by`` wrote after that message."""
    row = await db.fetchrow(_ANSWERED_SINCE, interaction_id, after, by)
    return ColleaguesAnswer(**dict(row)) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMessage:
    """A message that is not as it was."""

    message_id: UUID
    interaction_id: UUID
    version: int


async def mark_deleted(
    tx: Transaction, channel: WrittenChannel, source: str, external_ids: Sequence[str]
) -> list[ChangedMessage]:
    """Those of them that were not yet known to be taken back."""
    rows = await tx.fetch(_MARK_DELETED, channel, source, list(external_ids), tx.now)
    return [ChangedMessage(**row) for row in rows]


async def find_message(db: Reader, message_id: UUID) -> StoredMessage | None:
    return await _find(db, _FIND, message_id)


async def hold_message(tx: Transaction, message_id: UUID) -> StoredMessage | None:
    """The same, and nobody tells how far it came before this transaction ends."""
    return await _find(tx, _HOLD, message_id)


async def _find(db: Reader, sql: str, message_id: UUID) -> StoredMessage | None:
    row = await db.fetchrow(sql, message_id)
    return None if row is None else StoredMessage(**{**row, "state": MessageState(row["state"])})


async def find_ours(db: Reader, channel: WrittenChannel, external_id: str) -> UUID | None:
    """Our message that the other side knows by this id."""
    found: UUID | None = await db.fetchval(_FIND_OURS, channel, external_id)
    return found


async def last_of_client(db: Reader, interaction_id: UUID, *, persons_first: bool) -> str | None:
    """The external id of what the client wrote last.

    ``persons_first``: what a machine of theirs wrote is answered only where nobody wrote anything.
    """
    found: str | None = await db.fetchval(_LAST_OF_CLIENT, interaction_id, persons_first)
    return found


async def first_of_client_after(db: Reader, interaction_id: UUID, moment: datetime) -> datetime | None:
    """When the client wrote again after that; what a machine wrote does not count."""
    at: datetime | None = await db.fetchval(_FIRST_AFTER, interaction_id, moment)
    return at


async def count_automatic(db: Reader, interaction_id: UUID, *, since: datetime) -> int:
    """How much we have said there by ourselves since then."""
    count: int = await db.fetchval(_COUNT_AUTOMATIC, interaction_id, since)
    return count


async def progress(
    tx: Transaction,
    message_id: UUID,
    state: MessageState,
    *,
    external_id: str | None,
    why: Trouble | None,
    words: str | None,
) -> int:
    """It has come so far; gives its new version."""
    version: int = await tx.fetchval(_PROGRESS, message_id, state, external_id, words, tx.now, why)
    return version


async def hold_receivers(tx: Transaction, message_id: UUID) -> Receivers:
    """Of a mail that is there; nobody else tells what came back of it before this transaction ends."""
    row = await tx.fetchrow(_HOLD_RECEIVERS, message_id)
    assert row is not None
    return Receivers(
        to=tuple(row["to_addresses"]),
        cc=tuple(row["cc_addresses"]),
        bounces=tuple(Bounce(**one) for one in row["bounces"]),
    )


async def note_bounces(tx: Transaction, message_id: UUID, bounces: Sequence[Bounce]) -> ChangedMessage:
    """All that is known to have come back of it."""
    row = await tx.fetchrow(_NOTE_BOUNCES, message_id, to_json([asdict(one) for one in bounces]))
    assert row is not None
    return ChangedMessage(**row)


async def find_unopened(db: Reader, message_id: UUID, mailboxes: Collection[str]) -> UnopenedMail | None:
    """That mail, if it is from one of these mailboxes."""
    row = await db.fetchrow(_FIND_UNOPENED, message_id, list(mailboxes))
    return None if row is None else UnopenedMail(**row)


async def mark_opened(tx: Transaction, message_id: UUID) -> int | None:
    """Now; gives its new version, None when that was known already."""
    version: int | None = await tx.fetchval(_MARK_OPENED, message_id, tx.now)
    return version


async def note_trouble(tx: Transaction, message_id: UUID, why: Trouble, words: str) -> None:
    """Why it has not left yet."""
    await tx.execute(_NOTE_TROUBLE, message_id, why, words)


async def call_it(tx: Transaction, message_id: UUID, external_id: str) -> None:
    """The name it was given by the other side, before all of it has left."""
    await tx.execute(_CALL_IT, message_id, external_id)


async def delete_message(tx: Transaction, message_id: UUID) -> None:
    """As if it had never been written; its outgoing row is gone already."""
    await tx.execute(_DELETE, message_id)
