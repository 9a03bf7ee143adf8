"""Clients, how to reach them, who they belong together with, what they bought."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.store.tables.columns import flag, metadata, moment, one_of, version

clients = Table(
    "clients",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, Computed("key_of_name(name)"), comment="as it sounds; what a search compares"),
    Column("language", Text),
    Column("owner_id", ForeignKey("users.id", ondelete="SET NULL"), comment="a dismissed manager's clients stay"),
    Column("service_class", Text),
    Column("hint", Text, comment="how to treat them, shown with the ring"),
    Column("timezone", Text),
    Column("birthday", Date),
    Column("note", Text),
    Column("merged_into", ForeignKey("clients.id"), comment="the survivor of a merge"),
    Column("blocked_at", DateTime(timezone=True), comment="since then nobody contacts them"),
    Column("blocked_reason", Text),
    moment("created_at", default_now=True),
    moment("updated_at", default_now=True),
    version(),
)
# Trigrams find the typo too.
Index(
    "clients_name_key_trgm_idx",
    clients.c.name_key,
    postgresql_using="gin",
    postgresql_ops={"name_key": "gin_trgm_ops"},
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
    flag("verified", default=False),
    Column("position", Integer, nullable=False, server_default=text("0")),
    moment("unreachable_at", comment="they have shut us out, or it is no more"),
    UniqueConstraint("client_id", "kind", "value"),
    one_of("kind", ("phone", "email", "telegram", "webchat")),
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
    moment("at", default_now=True),
    moment("undone_at"),
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
    moment("return_flight_at"),
    Column("transfer_ordered", Boolean),
    Column("note", Text),
    CheckConstraint("ends_on >= starts_on", name="dates"),
)
Index("trips_client_id_idx", trips.c.client_id, trips.c.starts_on)
Index("trips_ends_on_idx", trips.c.ends_on)

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
    moment("created_at", default_now=True),
    moment("closed_at"),
)
Index("deals_client_id_idx", deals.c.client_id)

clients_apart = Table(
    "clients_apart",
    metadata,
    Column("one_id", ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True, comment="the smaller id"),
    Column("other_id", ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True),
    Column("by", Uuid, nullable=False, comment="who said that they are two people"),
    moment("at", default_now=True),
)
