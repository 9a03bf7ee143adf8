"""What keeps the house running: the outbox, locks, PBX links and commands, gaps, the audit, drafts."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.gaps import GapState
from crm_core.store.tables.columns import metadata, moment, one_of

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("seq", BigInteger, unique=True, comment="public order, stamped by the one relay after commit"),
    Column("type", Text, nullable=False, comment="wire name, call.offered"),
    Column("rooms", ARRAY(Text), nullable=False, comment="who may hear it, decided by the action"),
    Column("body", JSONB, nullable=False, comment="ids, version and a small body"),
    moment("at", default_now=True),
)
Index("outbox_unstamped_idx", outbox.c.id, postgresql_where=text("seq IS NULL"))

outbox_counter = Table(
    "outbox_counter",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("last_seq", BigInteger, nullable=False),
    CheckConstraint("id", name="single"),
)

lock_fences = Table(
    "lock_fences",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False, comment="grows with each owner of the lock"),
)

pbx_commands = Table(
    "pbx_commands",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("interaction_id", Uuid),
    Column("requested_by", Uuid),
    moment("created_at", default_now=True),
    moment("expires_at", required=True),
    moment("taken_at"),
    moment("finished_at"),
    Column("error", Text, comment="null after finishing: done"),
    one_of("kind", ("originate", "hangup", "decline", "pause")),
)
Index(
    "pbx_commands_waiting_idx",
    pbx_commands.c.pbx,
    pbx_commands.c.id,
    postgresql_where=text("taken_at IS NULL"),
)

pbx_links = Table(
    "pbx_links",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("state", Text, nullable=False),
    moment("since", default_now=True),
    Column("boot", Text, comment="the run whose events were stored last"),
    Column("error", Text),
    Column("heard_at", DateTime(timezone=True), comment="the last byte"),
    Column("stored_at", DateTime(timezone=True), comment="everything heard until then is in the log"),
    Column(
        "told_at",
        DateTime(timezone=True),
        server_default=text("now()"),
        nullable=False,
        comment="when the owner said this last: one that is silent says nothing",
    ),
    Column(
        "owner",
        Integer,
        comment="backend of the connection that holds the lock of this PBX: who wrote this row, if it still lives",
    ),
    Column("version", Integer, server_default=text("1"), nullable=False),
    one_of("state", ("up", "down", "refused")),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False, comment="name of the PBX, mailbox, bot; 'system' for our own absence"),
    moment("from_at", required=True),
    moment("to_at"),
    Column("cause", Text, nullable=False),
    Column("affected", Integer, nullable=False, server_default=text("0")),
    Column("repaired", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default="open"),
    Column(
        "sources", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="the books it was repaired from"
    ),
    Column("trouble", Text, comment="why a book gave nothing, in words"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_try_at"),
    one_of("state", GapState),
)
Index(
    "gaps_unrepaired_idx",
    gaps.c.source,
    gaps.c.from_at,
    postgresql_where=text("state <> 'repaired'"),
)
Index("gaps_source_from_at_idx", gaps.c.source, gaps.c.from_at)

# One row, and the last moment at which any watchdog lived: what follows a silence knows how long it was.
system_heartbeat = Table(
    "system_heartbeat",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    moment("at", default_now=True),
    CheckConstraint("id", name="single"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    moment("at", default_now=True),
    # No foreign key: what a person did stays told after they are gone.
    Column("user_id", Uuid),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text),
    Column("subject_id", Uuid),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("address", Text),
)
Index("audit_log_subject_id_idx", audit_log.c.subject_id)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, comment="null while the first request is still running"),
    Column("body", LargeBinary),
    moment("created_at", default_now=True),
)

drafts = Table(
    "drafts",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", Text, primary_key=True, comment="'interaction:…', 'client:…'"),
    Column("body", JSONB, nullable=False),
    moment("updated_at", default_now=True),
)

rejected_inputs = Table(
    "rejected_inputs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False, comment="kept whole, so that a person can look"),
    moment("at", default_now=True),
    Column("key", Text, comment="told again it is the same"),
)
Index(
    "rejected_inputs_key",
    rejected_inputs.c.source,
    rejected_inputs.c.key,
    unique=True,
    postgresql_where=text("key IS NOT NULL"),
)
