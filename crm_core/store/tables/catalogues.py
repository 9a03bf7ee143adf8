"""The lists that a company keeps itself: queues, dispositions, pause reasons."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.store.tables.columns import flag, metadata, one_of, version

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
    Column(
        "answer_within",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment='{"email": {"first_s": …, "next_s": …}, …}; what it does not say is as usual',
    ),
    version(),
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
    flag("enabled", default=True),
    one_of("callback", ("none", "optional", "required")),
)

pause_reasons = Table(
    "pause_reasons",
    metadata,
    Column("code", Text, primary_key=True),
    Column("labels", JSONB, nullable=False),
    Column("threshold_s", Integer, comment="longer than this is shown in amber"),
    Column("productive", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    flag("enabled", default=True),
)

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    Column("name", Text, primary_key=True),
    version(),
)
