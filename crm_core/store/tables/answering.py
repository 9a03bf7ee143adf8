"""What the inbox owes: how long a client waits for an answer, who was called into a conversation, ready answers.

One row of ``answer_clocks`` is one time of waiting: from the first message that
nobody has answered to the answer. The running one has no ``ended_at``.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.answering import Ended
from crm_core.domain.callbacks import LateBy
from crm_core.store.tables.columns import metadata, moment, one_of, seconds, version

answer_clocks = Table(
    "answer_clocks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("interaction_id", ForeignKey("conversations.interaction_id", ondelete="CASCADE"), nullable=False),
    Column("first", Boolean, nullable=False, comment="nothing of it was answered before"),
    moment("since", required=True),
    moment("due_at", required=True),
    moment("grace_from", required=True),
    moment("warn_at"),
    moment("notify_at"),
    moment("escalate_at"),
    Column("forgiven_s", Double, nullable=False, server_default=text("0")),
    Column("policies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("policy_versions", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    moment("warned_at"),
    Column("told", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="of what the supervisor knows"),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("agent_id", Uuid, comment="whose moments these are; null: its queue's"),
    moment("looked_at"),
    moment("ended_at"),
    Column("ended", Text),
    Column("answered_by", Uuid),
    seconds("late_s"),
    Column("late_by", Text),
    one_of("ended", Ended),
    one_of("late_by", LateBy),
)
Index(
    "answer_clocks_running_key",
    answer_clocks.c.interaction_id,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
Index("answer_clocks_interaction_id_idx", answer_clocks.c.interaction_id)

mentions = Table(
    "mentions",
    metadata,
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="who was called"),
    Column("interaction_id", Uuid, nullable=False, comment="into this conversation: they may read it"),
    moment("seen_at"),
)
Index("mentions_user_id_idx", mentions.c.user_id, mentions.c.interaction_id)

canned_answers = Table(
    "canned_answers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("shortcut", Text, nullable=False, unique=True, comment="what is typed after a slash"),
    Column("title", Text, nullable=False),
    Column("texts", JSONB, nullable=False, comment="by language, with {{variables}}"),
    Column("team_id", ForeignKey("teams.id", ondelete="CASCADE"), comment="whose; null: everybody's"),
    version(),
)
