"""The shape of everything that is stored.

PostgreSQL is the only truth, so it keeps the promises it can: what may be
absent, which words a state may have, what is unique, what belongs to what.
Times are ``timestamptz``; a moment is stored, never the rule that made it.
Interactions and raw call events are partitioned by range of their UUIDv7,
which names the moment first heard; :mod:`crm_core.store.partitions` makes months.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.calls import Direction, EndedBy, InteractionState, LegResult, LegRole, Outcome
from crm_core.domain.gaps import GapState
from crm_core.domain.people import AgentState, Role
from crm_core.domain.recordings import Encoding, RecordingState

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

NOW = text("now()")


def _moment(name: str, *, required: bool = False, default_now: bool = False) -> Column[object]:
    return Column(
        name,
        DateTime(timezone=True),
        nullable=not (required or default_now),
        server_default=NOW if default_now else None,
    )


def _version() -> Column[int]:
    return Column("version", Integer, nullable=False, server_default=text("1"))


def _flag(name: str, *, default: bool) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def _seconds(name: str) -> Column[float]:
    return Column(name, Double)


def _one_of(column: str, words: type[StrEnum] | tuple[str, ...], *, name: str | None = None) -> CheckConstraint:
    allowed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({allowed})", name=name or column)


# People

teams = Table(
    "teams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True, comment="agent ids and user ids are one space"),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column(
        "team_id",
        ForeignKey("teams.id", ondelete="SET NULL"),
        comment="a team may be dissolved; its people stay",
    ),
    Column("password_hash", Text, comment="Argon2id; null: may use tokens only"),
    Column("locale", Text),
    Column("theme", Text),
    _flag("enabled", default=True),
    _moment("created_at", default_now=True),
    _version(),
    _one_of("role", Role),
)
Index("users_login_key", text("lower(login)"), unique=True, _table=users)

devices = Table(
    "devices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "user_id",
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        comment="a phone belongs to its person",
    ),
    Column("pbx", Text, nullable=False, server_default="", comment="name of the PBX; empty: any"),
    Column("extension", Text, nullable=False),
    Column(
        "position",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="0 is the one that click-to-call rings",
    ),
    UniqueConstraint("pbx", "extension"),
)
Index("devices_user_id_idx", devices.c.user_id)

agent_states = Table(
    "agent_states",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("chosen", Text, nullable=False, server_default="available", comment="what the person set"),
    Column("reason", Text, comment="pause reason code, while chosen is paused"),
    Column("phone", Text, comment="what their phone does: ringing talking hold wrap_up; null: nothing"),
    Column("phone_interaction_id", Uuid, comment="the interaction the phone state is about"),
    _flag("present", default=False),
    _moment("last_seen_at"),
    Column(
        "state",
        Text,
        nullable=False,
        server_default="offline",
        comment="what others see, from the columns above",
    ),
    _moment("since", default_now=True),
    _version(),
    _one_of("chosen", (AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE)),
    _one_of("state", AgentState),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="no person, no session"),
    Column("csrf_token", Text, nullable=False),
    _moment("created_at", default_now=True),
    _moment("last_seen_at", default_now=True),
    _moment("expires_at", required=True),
    Column("user_agent", Text),
    Column("address", Text),
)
Index("sessions_user_id_idx", sessions.c.user_id)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="no person, no token"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    _moment("created_at", default_now=True),
    _moment("last_used_at"),
    _moment("revoked_at"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("subject", Text, nullable=False, comment="'login:…' or 'address:…'"),
    _moment("at", default_now=True),
)
Index("login_attempts_subject_at_idx", login_attempts.c.subject, login_attempts.c.at)

# Catalogues

queues = Table(
    "queues",
    metadata,
    Column("name", Text, primary_key=True),
    Column("titles", JSONB, nullable=False, comment='{"ru": …, "en": …}'),
    Column("team_id", ForeignKey("teams.id", ondelete="SET NULL"), comment="its supervisors watch this queue"),
    Column("wrap_up_limit_s", Integer, nullable=False, server_default=text("120")),
    Column("short_abandon_s", Double, nullable=False, server_default=text("5")),
    Column("service_level_s", Integer, nullable=False, server_default=text("20")),
    Column(
        "missed_callback",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="a missed call makes a promise to call back",
    ),
    Column(
        "missed_callback_short",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="one that left at once makes it as well",
    ),
    Column("missed_callback_due_s", Integer, nullable=False, server_default=text("900")),
    _version(),
)

queue_members = Table(
    "queue_members",
    metadata,
    Column("queue", ForeignKey("queues.name", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("code", Text, primary_key=True),
    Column("labels", JSONB, nullable=False),
    Column("resultative", Boolean, nullable=False),
    Column("contact_made", Boolean, nullable=False),
    Column(
        "callback",
        Text,
        nullable=False,
        server_default="none",
        comment="is the time of a next contact asked for",
    ),
    Column("position", Integer, nullable=False),
    _flag("enabled", default=True),
    _one_of("callback", ("none", "optional", "required")),
)

pause_reasons = Table(
    "pause_reasons",
    metadata,
    Column("code", Text, primary_key=True),
    Column("labels", JSONB, nullable=False),
    Column("threshold_s", Integer, comment="longer than this is shown in amber"),
    Column("productive", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    _flag("enabled", default=True),
)

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    Column("name", Text, primary_key=True),
    _version(),
)

# Clients

clients = Table(
    "clients",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text),
    Column("owner_id", ForeignKey("users.id", ondelete="SET NULL"), comment="a dismissed manager's clients stay"),
    Column("service_class", Text),
    Column("hint", Text, comment="how to treat them, shown with the ring"),
    Column("timezone", Text),
    Column("birthday", Date),
    Column("note", Text),
    Column("merged_into", ForeignKey("clients.id"), comment="the survivor of a merge"),
    _moment("created_at", default_now=True),
    _moment("updated_at", default_now=True),
    _version(),
)
# ё and е are one letter to the person who searches; trigrams find the typo too.
Index(
    "clients_name_trgm_idx",
    text("lower(replace(replace(name, 'ё', 'е'), 'Ё', 'Е')) gin_trgm_ops"),
    postgresql_using="gin",
    _table=clients,
)
Index("clients_owner_id_idx", clients.c.owner_id)

contact_points = Table(
    "contact_points",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "client_id",
        ForeignKey("clients.id", ondelete="CASCADE"),
        nullable=False,
        comment="no client, no address",
    ),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False, comment="E.164, lower-case address or account id"),
    Column("typed", Text, nullable=False, comment="as a person wrote it"),
    Column("label", Text),
    _flag("verified", default=False),
    Column("position", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("client_id", "kind", "value"),
    _one_of("kind", ("phone", "email", "telegram", "webchat")),
)
Index("contact_points_kind_value_idx", contact_points.c.kind, contact_points.c.value)
Index(
    "contact_points_phone_tail_idx",
    text("reverse(value) text_pattern_ops"),
    postgresql_where=text("kind = 'phone'"),
    _table=contact_points,
)
Index(
    "contact_points_phone_trgm_idx",
    text("value gin_trgm_ops"),
    postgresql_using="gin",
    postgresql_where=text("kind = 'phone'"),
    _table=contact_points,
)
Index(
    "contact_points_address_idx",
    text("value text_pattern_ops"),
    postgresql_where=text("kind = 'email'"),
    _table=contact_points,
)

client_merges = Table(
    "client_merges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "survivor_id",
        ForeignKey("clients.id", ondelete="CASCADE"),
        nullable=False,
        comment="no undo without both",
    ),
    Column(
        "merged_id",
        ForeignKey("clients.id", ondelete="CASCADE"),
        nullable=False,
        comment="no undo without both",
    ),
    Column("moved", JSONB, nullable=False, comment="ids by table, and the survivor's fields that were filled"),
    Column("by", Uuid),
    _moment("at", default_now=True),
    _moment("undone_at"),
)
Index(
    "client_merges_merged_id_key",
    client_merges.c.merged_id,
    unique=True,
    postgresql_where=text("undone_at IS NULL"),
)
Index("client_merges_survivor_id_idx", client_merges.c.survivor_id)

client_relations = Table(
    "client_relations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "client_id",
        ForeignKey("clients.id", ondelete="CASCADE"),
        nullable=False,
        comment="whose family it is",
    ),
    Column(
        "related_client_id",
        ForeignKey("clients.id", ondelete="SET NULL"),
        comment="when they are a client as well",
    ),
    Column("name", Text, nullable=False),
    Column("relation", Text, nullable=False, comment="wife husband son daughter mother father companion …"),
    Column("birth_date", Date),
    Column("note", Text),
)
Index("client_relations_client_id_idx", client_relations.c.client_id)

trips = Table(
    "trips",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "client_id",
        ForeignKey("clients.id", ondelete="CASCADE"),
        nullable=False,
        comment="the one who ordered it",
    ),
    Column("title", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("hotel", Text),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("adults", Integer, nullable=False, server_default=text("1")),
    Column("children", Integer, nullable=False, server_default=text("0")),
    Column("timezone", Text),
    _moment("return_flight_at"),
    Column("transfer_ordered", Boolean),
    Column("note", Text),
    CheckConstraint("ends_on >= starts_on", name="dates"),
)
Index("trips_client_id_idx", trips.c.client_id, trips.c.starts_on)

deals = Table(
    "deals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id", ondelete="CASCADE"), nullable=False, comment="who would buy"),
    Column("owner_id", ForeignKey("users.id", ondelete="SET NULL"), comment="a dismissed manager's deals stay"),
    Column("title", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("amount", Numeric(14, 2)),
    Column("currency", Text),
    Column("next_step", Text),
    Column("due_on", Date),
    _moment("created_at", default_now=True),
    _moment("closed_at"),
)
Index("deals_client_id_idx", deals.c.client_id)

# Interactions

interactions = Table(
    "interactions",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7 of the moment first heard; names its partition"),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("external_id", Text, nullable=False),
    Column("pbx", Text),
    Column("boot", Text, comment="which run of the PBX: its Linkedids repeat after a restart"),
    Column("queue", Text),
    Column("queues", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # No foreign key: a merge re-points by query, and an erasure leaves the row with the number gone.
    Column("client_id", Uuid),
    Column("client_address", Text, comment="E.164 or address; as sent when it is not one; null when withheld"),
    Column("caller_name", Text, comment="the display name that came with it: a stranger's words"),
    Column("our_address", Text),
    Column("agent_id", Uuid),
    _moment("started_at", required=True),
    _moment("answered_at"),
    _moment("ended_at"),
    _seconds("wait_s"),
    _seconds("talk_s"),
    _seconds("hold_s"),
    _seconds("wrap_up_s"),
    _moment("wrap_up_until"),
    _moment("closed_at"),
    Column("ended_by", Text),
    Column("hangup_cause", Integer),
    Column("client_channel", Text, comment="AMI name of the client's channel, for a hang-up"),
    Column(
        "stays",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="where the client was when no phone of ours had them: [{kind, name, from, to}]",
    ),
    Column("disposition_code", Text),
    Column("disposition_note", Text),
    Column("disposition_resultative", Boolean, comment="as the list said when it was chosen"),
    Column("disposition_by", Uuid),
    _moment("disposition_at"),
    Column("contact_number", Integer),
    Column("merged_into", Uuid),
    _flag("complete", default=True),
    _moment("updated_at", default_now=True),
    _version(),
    _one_of("channel", ("call", "email", "telegram", "webchat", "webform", "meeting")),
    _one_of("direction", Direction),
    _one_of("state", InteractionState),
    _one_of("outcome", Outcome),
    _one_of("ended_by", EndedBy),
    postgresql_partition_by="RANGE (id)",
)
Index(
    "interactions_client_id_id_idx",
    interactions.c.client_id,
    interactions.c.id,
    postgresql_include=["contact_number"],
)
Index("interactions_agent_id_id_idx", interactions.c.agent_id, interactions.c.id)
Index("interactions_external_id_idx", interactions.c.external_id)
Index(
    "interactions_client_address_id_idx",
    interactions.c.client_address,
    interactions.c.id,
    postgresql_include=["contact_number"],
)
Index("interactions_live_idx", interactions.c.agent_id, postgresql_where=text("state <> 'closed'"))
Index(
    "interactions_missed_idx",
    interactions.c.id,
    postgresql_where=text(
        "direction = 'inbound' AND outcome IN ('abandoned', 'short_abandoned', 'no_answer', 'busy', 'voicemail')"
    ),
)

fact_keys = Table(
    "fact_keys",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("source", Text, primary_key=True, comment="call: PBX and its boot; mail: mailbox"),
    Column("external_id", Text, primary_key=True),
    # No foreign key: the key outlives a partition that retention has dropped, so an old fact stays known.
    Column("interaction_id", Uuid, nullable=False),
)
Index("fact_keys_interaction_id_idx", fact_keys.c.interaction_id)

# A cache of what the log says; see crm_core.actions.contacts.
contact_tallies = Table(
    "contact_tallies",
    metadata,
    Column("who", Text, primary_key=True, comment="a client's id, or the address of somebody who is none yet"),
    Column("contacts", Integer, nullable=False),
    Column("latest", Uuid, nullable=False, comment="the youngest interaction that was counted"),
)

legs = Table(
    "legs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "interaction_id",
        ForeignKey("interactions.id", ondelete="CASCADE"),
        nullable=False,
        comment="a leg is part of its call",
    ),
    Column("uniqueid", Text, nullable=False),
    Column("agent_id", Uuid),
    Column("channel", Text, nullable=False, comment="AMI name of the phone's channel, for a hang-up"),
    Column("interface", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("queue", Text),
    _moment("offered_at", required=True),
    _flag("rang", default=False),
    _moment("answered_at"),
    _moment("ended_at"),
    Column("result", Text),
    _flag("on_hold", default=False),
    Column(
        "had",
        ARRAY(DateTime(timezone=True)),
        nullable=False,
        server_default=text("'{}'"),
        comment="when it had the client: from, until, from, until …; an odd one out still lasts",
    ),
    _seconds("talk_s"),
    _seconds("hold_s"),
    UniqueConstraint("interaction_id", "uniqueid"),
    _one_of("role", LegRole),
    _one_of("result", LegResult),
)
Index("legs_agent_id_offered_at_idx", legs.c.agent_id, legs.c.offered_at)
Index("legs_live_idx", legs.c.agent_id, postgresql_where=text("ended_at IS NULL"))

recordings = Table(
    "recordings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "interaction_id",
        ForeignKey("interactions.id", ondelete="CASCADE"),
        nullable=False,
        comment="heard as part of its call",
    ),
    Column("pbx", Text, nullable=False),
    Column("file", Text, nullable=False, comment="as the PBX named it first"),
    Column("name", Text, nullable=False, comment="of the file without its folders: a path and a bare name are one"),
    _moment("started_at", required=True),
    Column(
        "consultation",
        ARRAY(Text),
        comment="uniqueids of the phones that consulted each other; null: the client is heard",
    ),
    Column("state", Text, nullable=False, server_default="awaited"),
    _seconds("duration_s"),
    Column("encoding", Text, comment="once the file was seen"),
    Column("place", Text, comment="where it was found, below the place that the settings name"),
    Column("looks", Integer, nullable=False, server_default=text("0"), comment="in vain so far"),
    _moment("next_look_at"),
    UniqueConstraint("interaction_id", "name"),
    _one_of("state", RecordingState),
    _one_of("encoding", Encoding),
)
Index(
    "recordings_next_look_at_idx",
    recordings.c.pbx,
    recordings.c.next_look_at,
    postgresql_where=text("next_look_at IS NOT NULL"),
)

raw_call_events = Table(
    "raw_call_events",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7 of the first event; names its partition"),
    Column("pbx", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("linkedid", Text, nullable=False),
    Column("events", JSONB, nullable=False, comment="AMI events of one call in one batch, in order of arrival"),
    Column(
        "heard_at",
        ARRAY(DateTime(timezone=True)),
        nullable=False,
        comment="when each of them was heard: a PBX need not tell the time",
    ),
    postgresql_partition_by="RANGE (id)",
)
Index("raw_call_events_linkedid_idx", raw_call_events.c.linkedid, raw_call_events.c.id)

# Promises

callback_policies = Table(
    "callback_policies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("rule", JSONB, nullable=False, comment="the contract's policy fields"),
    _flag("enabled", default=True),
    _moment("created_at", default_now=True),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), comment="a promise is never lost with a client"),
    Column("address", Text, comment="the number of a caller who is nobody's client yet"),
    Column("lead_id", Uuid),
    Column("subject", Text),
    Column("via", Text, nullable=False, server_default="call"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("agent_id", ForeignKey("users.id"), comment="who owes it; null: whoever of the queue takes it first"),
    Column("queue", Text, comment="the queue it was given to"),
    _moment("due_at", required=True),
    _moment("escalate_at"),
    _moment("takeover_at"),
    Column("claimed_by", Uuid, comment="who said: I am calling now"),
    _moment("claimed_until"),
    Column("promised_in", Uuid),
    Column(
        "missed_at",
        DateTime(timezone=True),
        comment="the end of the last missed call it stands for; null: it was promised by a person",
    ),
    Column("why", JSONB, comment='the rule that made it, in words: {"ru": …, "en": …}'),
    Column("kept_in", Uuid),
    _moment("closed_at"),
    _seconds("late_s"),
    Column("late_by", Text),
    Column("cancel_reason", Text),
    Column("policy", Text),
    Column("policies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    _moment("created_at", default_now=True),
    _version(),
    _one_of("state", ("open", "claimed", "kept", "cancelled")),
    _one_of("late_by", ("agent", "system")),
    CheckConstraint("client_id IS NOT NULL OR address IS NOT NULL", name="to_somebody"),
    CheckConstraint("agent_id IS NOT NULL OR queue IS NOT NULL", name="by_somebody"),
)
Index(
    "callbacks_escalate_at_idx",
    callbacks.c.escalate_at,
    postgresql_where=text("state IN ('open', 'claimed')"),
)
Index("callbacks_client_id_idx", callbacks.c.client_id)
Index("callbacks_agent_id_due_at_idx", callbacks.c.agent_id, callbacks.c.due_at)
Index("callbacks_promised_in_idx", callbacks.c.promised_in)
Index("callbacks_address_idx", callbacks.c.address, postgresql_where=text("client_id IS NULL"))
Index("callbacks_queue_due_at_idx", callbacks.c.queue, callbacks.c.due_at, postgresql_where=text("queue IS NOT NULL"))

callback_tries = Table(
    "callback_tries",
    metadata,
    # No foreign key: the promise outlives a partition that retention has dropped.
    Column("interaction_id", Uuid, primary_key=True, comment="a missed call"),
    Column(
        "callback_id",
        ForeignKey("callbacks.id", ondelete="CASCADE"),
        nullable=False,
        comment="the promise that answers for it",
    ),
)
Index("callback_tries_callback_id_idx", callback_tries.c.callback_id)

callback_history = Table(
    "callback_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), nullable=False, comment="its story"),
    Column("agent_id", ForeignKey("users.id"), comment="who owed it in this time; null: its queue"),
    _moment("from_at", required=True),
    _moment("to_at"),
    Column("reason", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("by", Uuid, comment="who decided; null: the system"),
    _one_of("reason", ("promised", "given", "late", "taken_over", "absence", "moved", "undone")),
)
Index("callback_history_callback_id_idx", callback_history.c.callback_id, callback_history.c.from_at)

# What is told to others

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("seq", BigInteger, unique=True, comment="public order, stamped by the one relay after commit"),
    Column("type", Text, nullable=False, comment="wire name, call.offered"),
    Column("rooms", ARRAY(Text), nullable=False, comment="who may hear it, decided by the action"),
    Column("body", JSONB, nullable=False, comment="ids, version and a small body"),
    _moment("at", default_now=True),
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
    _moment("created_at", default_now=True),
    _moment("expires_at", required=True),
    _moment("taken_at"),
    _moment("finished_at"),
    Column("error", Text, comment="null after finishing: done"),
    _one_of("kind", ("originate", "hangup", "decline", "pause")),
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
    _moment("since", default_now=True),
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
    _one_of("state", ("up", "down", "refused")),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False, comment="name of the PBX, mailbox, bot; 'system' for our own absence"),
    _moment("from_at", required=True),
    _moment("to_at"),
    Column("cause", Text, nullable=False),
    Column("affected", Integer, nullable=False, server_default=text("0")),
    Column("repaired", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default="open"),
    Column(
        "sources", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="the books it was repaired from"
    ),
    Column("trouble", Text, comment="why a book gave nothing, in words"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _moment("next_try_at"),
    _one_of("state", GapState),
)
Index(
    "gaps_unrepaired_idx",
    gaps.c.source,
    gaps.c.from_at,
    postgresql_where=text("state <> 'repaired'"),
)
Index("gaps_source_from_at_idx", gaps.c.source, gaps.c.from_at)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    _moment("at", default_now=True),
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
    _moment("created_at", default_now=True),
)

drafts = Table(
    "drafts",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", Text, primary_key=True, comment="'interaction:…', 'client:…'"),
    Column("body", JSONB, nullable=False),
    _moment("updated_at", default_now=True),
)

rejected_inputs = Table(
    "rejected_inputs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False, comment="kept whole, so that a person can look"),
    _moment("at", default_now=True),
)
