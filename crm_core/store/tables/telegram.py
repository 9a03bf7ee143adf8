"""What is known of Telegram's people and groups beside what they write."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from crm_core.store.tables.columns import metadata, moment

telegram_people = Table(
    "telegram_people",
    metadata,
    Column("source", Text, primary_key=True, comment="the bot they have begun to talk with"),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", Text, comment="ru or en, when they chose"),
    Column("app_language", Text),
    moment("met_at", default_now=True),
    moment("blocked_at", comment="the bot may not write to them since then"),
)

telegram_groups = Table(
    "telegram_groups",
    metadata,
    Column("source", Text, primary_key=True, comment="the bot that is in it"),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False, server_default="", comment="a stranger's words"),
    Column("trip_id", ForeignKey("trips.id", ondelete="SET NULL")),
    moment("bound_at"),
    moment("gone_at", comment="the bot was put out"),
)
Index("telegram_groups_trip_id_idx", telegram_groups.c.trip_id)

telegram_trip_codes = Table(
    "telegram_trip_codes",
    metadata,
    Column("code", Text, primary_key=True, comment="typed in a group once; whoever knows it may bind one"),
    Column("trip_id", ForeignKey("trips.id", ondelete="CASCADE"), nullable=False, comment="worth nothing without it"),
    Column("made_by", ForeignKey("users.id"), nullable=False),
    moment("expires_at", required=True),
    moment("used_at"),
    Column("used_in", Text, comment="the bot and the group in which it was typed"),
)
Index("telegram_trip_codes_trip_id_idx", telegram_trip_codes.c.trip_id)
Index("telegram_trip_codes_expires_at_idx", telegram_trip_codes.c.expires_at)
