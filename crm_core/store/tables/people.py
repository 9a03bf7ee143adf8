"""Who works here: people, their teams, phones, states, sessions and tokens."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.distribution import Strategy
from crm_core.domain.people import AgentState, Role
from crm_core.store.tables.columns import flag, metadata, moment, one_of, version

teams = Table(
    "teams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("calendar_id", ForeignKey("calendars.id", ondelete="SET NULL"), comment="its working hours; null: always"),
    Column(
        "strategy",
        Text,
        nullable=False,
        server_default="team",
        comment="who is preferred when its promises and leads are given out",
    ),
    Column("load_cap", Integer, nullable=False, server_default=text("60"), comment="active clients of one person"),
    Column("load_warning", Integer, nullable=False, server_default=text("50")),
    Column("hourly_cap", Integer, nullable=False, server_default=text("10"), comment="given to one person in any hour"),
    Column(
        "long_pause_s", Integer, nullable=False, server_default=text("600"), comment="who pauses longer gets nothing"
    ),
    Column(
        "accept_within_s",
        Integer,
        nullable=False,
        server_default=text("300"),
        comment="a lead that was not accepted in this time goes on to the next",
    ),
    version(),
    one_of("strategy", Strategy),
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("zone", Text, nullable=False, comment="IANA name"),
    Column("country", Text, comment="its public holidays are closed; null: none are"),
    Column("week", JSONB, nullable=False, comment='Monday to Sunday: [[["09:00", "18:00"]], …]'),
    Column("days", JSONB, nullable=False, server_default=text("'{}'"), comment='days of their own: {"2026-12-31": []}'),
    version(),
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
    Column("calendar_id", ForeignKey("calendars.id", ondelete="SET NULL"), comment="own hours; null: the team's"),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="destinations and other skills"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="none: not asked yet"),
    flag("takes_work", default=True),
    Column("locale", Text),
    Column("theme", Text),
    flag("enabled", default=True),
    moment("created_at", default_now=True),
    version(),
    one_of("role", Role),
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
    flag("present", default=False),
    moment("last_seen_at"),
    Column(
        "state",
        Text,
        nullable=False,
        server_default="offline",
        comment="what others see, from the columns above",
    ),
    moment("since", default_now=True),
    version(),
    one_of("chosen", (AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE)),
    one_of("state", AgentState),
)

agent_state_log = Table(
    "agent_state_log",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="of the person's state"),
    Column("state", Text, nullable=False),
    flag("present", default=False),
    moment("at", required=True),
)
Index("agent_state_log_user_id_at_idx", agent_state_log.c.user_id, agent_state_log.c.at)

absences = Table(
    "absences",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="who is away"),
    Column("kind", Text, nullable=False),
    moment("from_at", required=True),
    Column("to_at", DateTime(timezone=True), comment="null: nobody knows yet"),
    Column("note", Text),
    Column("by", Uuid, comment="who wrote it down"),
    moment("created_at", default_now=True),
    one_of("kind", ("vacation", "sick", "training", "other")),
    CheckConstraint("to_at IS NULL OR to_at > from_at", name="order"),
)
Index("absences_user_id_from_at_idx", absences.c.user_id, absences.c.from_at)

agent_turns = Table(
    "agent_turns",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    moment("last_at", required=True),
    Column(
        "lately",
        ARRAY(DateTime(timezone=True)),
        nullable=False,
        server_default=text("'{}'"),
        comment="when the engine gave them something, within the last hour",
    ),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="no person, no session"),
    Column("csrf_token", Text, nullable=False),
    moment("created_at", default_now=True),
    moment("last_seen_at", default_now=True),
    moment("expires_at", required=True),
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
    moment("created_at", default_now=True),
    moment("last_used_at"),
    moment("revoked_at"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("subject", Text, nullable=False, comment="'login:…' or 'address:…'"),
    moment("at", default_now=True),
)
Index("login_attempts_subject_at_idx", login_attempts.c.subject, login_attempts.c.at)
