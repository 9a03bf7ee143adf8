"""Promises to clients: the rules, the promises, and how each came to its owner."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.leads import LeadReason, LeadStage
from crm_core.store.tables.columns import flag, metadata, moment, one_of, seconds, version

callback_policies = Table(
    "callback_policies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("rule", JSONB, nullable=False, comment="the contract's policy fields"),
    flag("enabled", default=True),
    Column("by", Uuid, comment="who made this version; null: it was shipped"),
    moment("created_at", default_now=True),
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
    moment("due_at", required=True),
    moment("escalate_at"),
    moment("takeover_at"),
    Column("claimed_by", Uuid, comment="who said: I am calling now"),
    moment("claimed_until"),
    Column("promised_in", Uuid),
    Column(
        "missed_at",
        DateTime(timezone=True),
        comment="the end of the last missed call it stands for; null: it was promised by a person",
    ),
    Column("why", JSONB, comment='the rule that made it, in words: {"ru": …, "en": …}'),
    Column("kept_in", Uuid),
    moment("closed_at"),
    moment("told_due_at", comment="the moment that the client was told in the chat"),
    moment("confirmed_at", comment="when the client said that it suits"),
    seconds("late_s"),
    Column("late_by", Text),
    Column("cancel_reason", Text),
    Column("policy", Text),
    Column("policies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column(
        "policy_versions",
        ARRAY(Integer),
        nullable=False,
        server_default=text("'{}'"),
        comment="of the policies, in their order: a promise lives under those of the day it was made",
    ),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("grace_from", DateTime(timezone=True), comment="from when its present owner is late"),
    Column(
        "forgiven_s",
        Double,
        nullable=False,
        server_default=text("0"),
        comment="of gaps, already in escalate_at",
    ),
    moment("warn_at"),
    moment("warned_at"),
    moment("notify_at"),
    Column("told", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="what the supervisor was told"),
    Column("unlocked_at", DateTime(timezone=True), comment="when the supervisor's right began"),
    Column("nobody_since", DateTime(timezone=True), comment="it should have moved, and nobody was eligible"),
    Column("stuck", JSONB, comment="why nobody could take it at the last look: {words, reasons}"),
    moment("claimed_at"),
    Column("next_at", DateTime(timezone=True), comment="when the watchdog looks at it next; null: never by itself"),
    moment("created_at", default_now=True),
    version(),
    one_of("state", ("open", "claimed", "kept", "cancelled")),
    one_of("late_by", ("agent", "system")),
    CheckConstraint("client_id IS NOT NULL OR address IS NOT NULL", name="to_somebody"),
    CheckConstraint("agent_id IS NOT NULL OR queue IS NOT NULL", name="by_somebody"),
)
Index(
    "callbacks_next_at_idx",
    callbacks.c.next_at,
    postgresql_where=text("state IN ('open', 'claimed') AND next_at IS NOT NULL"),
)
Index(
    "callbacks_nobody_idx",
    callbacks.c.nobody_since,
    postgresql_where=text("state IN ('open', 'claimed') AND nobody_since IS NOT NULL"),
)
Index(
    "callbacks_load_idx",
    callbacks.c.agent_id,
    callbacks.c.client_id,
    callbacks.c.address,
    postgresql_where=text("state IN ('open', 'claimed')"),
)
Index("callbacks_client_id_idx", callbacks.c.client_id)
Index("callbacks_agent_id_due_at_idx", callbacks.c.agent_id, callbacks.c.due_at)
Index("callbacks_promised_in_idx", callbacks.c.promised_in)
Index(
    "callbacks_to_tell_idx",
    callbacks.c.id,
    postgresql_where=text("via = 'telegram' AND state = 'open' AND told_due_at IS DISTINCT FROM due_at"),
)
Index("callbacks_lead_id_idx", callbacks.c.lead_id, postgresql_where=text("lead_id IS NOT NULL"))
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

rosters = Table(
    "rosters",
    metadata,
    Column("id", Uuid, primary_key=True),
    moment("at", required=True),
    Column("people", JSONB, nullable=False, comment="who was asked in one batch of the watchdog, as they were then"),
    Column(
        "verdicts",
        JSONB,
        nullable=False,
        comment="how they stood to what was given out, each distinct answer once; see crm_core.domain.rosters",
    ),
)

callback_history = Table(
    "callback_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), nullable=False, comment="its story"),
    Column("agent_id", ForeignKey("users.id"), comment="who owed it in this time; null: its queue"),
    moment("from_at", required=True),
    moment("to_at"),
    Column("reason", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("words", JSONB, comment='the explanation in both languages: {"ru": …, "en": …}; null: a person\'s words'),
    Column("record", JSONB, comment="everything it was decided by; see crm_core.domain.explanations"),
    Column("roster_id", ForeignKey("rosters.id"), comment="who was asked; the record names its verdicts by number"),
    Column("by", Uuid, comment="who decided; null: the system"),
    one_of("reason", ("promised", "given", "late", "taken_over", "absence", "moved", "undone")),
)
Index("callback_history_callback_id_idx", callback_history.c.callback_id, callback_history.c.from_at)

lead_sources = Table(
    "lead_sources",
    metadata,
    Column("code", Text, primary_key=True),
    Column("titles", JSONB, nullable=False, comment='{"ru": …, "en": …}'),
    Column("site_key", Text, unique=True, comment="of a public form; null: it has none"),
    Column("team_id", ForeignKey("teams.id", ondelete="SET NULL"), comment="who its leads are given to"),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="asked of whoever gets one"),
    Column("accept_within_s", Integer, comment="null: as the team has it"),
    Column("max_moves", Integer, nullable=False, server_default=text("5"), comment="then it is the supervisor's"),
    flag("enabled", default=True),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column(
        "form_secret",
        Uuid,
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="signs the forms we serve",
    ),
)

form_tokens = Table(
    "form_tokens",
    metadata,
    Column("nonce", Uuid, primary_key=True, comment="of a served form that was left: it is left once"),
    moment("used_at", required=True),
)
Index("form_tokens_used_at_idx", form_tokens.c.used_at)

leads = Table(
    "leads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id", ondelete="SET NULL"), comment="null: nobody's client yet"),
    Column("name", Text, comment="as the person called themselves"),
    Column("name_key", Text, Computed("key_of_name(name)"), comment="as it sounds; what a search compares"),
    Column("address", Text, comment="E.164 number or lower-case address"),
    Column("email", Text, comment="beside the number"),
    Column("source", Text, nullable=False),
    Column("campaign", JSONB, nullable=False, server_default=text("'{}'"), comment="page, referrer, tags it came with"),
    Column("subject", Text, comment="what they want"),
    Column("note", Text),
    Column("language", Text),
    Column("destination", Text),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("stage", Text, nullable=False, server_default="new"),
    Column("team_id", ForeignKey("teams.id", ondelete="SET NULL")),
    Column("owner_id", ForeignKey("users.id"), comment="null: it waits for somebody"),
    Column("interaction_id", Uuid, comment="the contact it was born in, or the form left last"),
    Column("repeats", Integer, nullable=False, server_default=text("0"), comment="how often it was left again"),
    moment("accept_by"),
    moment("accepted_at"),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("told", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="what the supervisor was told"),
    Column("nobody_since", DateTime(timezone=True), comment="it should have been given out, and nobody was eligible"),
    Column("next_at", DateTime(timezone=True), comment="when the watchdog looks at it next"),
    Column("lost_reason", Text),
    moment("closed_at"),
    Column("created_by", Uuid),
    moment("created_at", default_now=True),
    version(),
    one_of("stage", LeadStage),
)
Index(
    "leads_next_at_idx",
    leads.c.next_at,
    postgresql_where=text("closed_at IS NULL AND next_at IS NOT NULL"),
)
Index(
    "leads_nobody_idx",
    leads.c.nobody_since,
    postgresql_where=text("closed_at IS NULL AND nobody_since IS NOT NULL"),
)
Index("leads_load_idx", leads.c.owner_id, leads.c.client_id, postgresql_where=text("closed_at IS NULL"))
Index("leads_client_id_idx", leads.c.client_id)
Index("leads_address_idx", leads.c.address)
Index("leads_interaction_id_idx", leads.c.interaction_id, postgresql_where=text("interaction_id IS NOT NULL"))
Index("leads_email_idx", leads.c.email, postgresql_where=text("email IS NOT NULL"))

lead_history = Table(
    "lead_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("lead_id", ForeignKey("leads.id", ondelete="CASCADE"), nullable=False, comment="its story"),
    Column("agent_id", ForeignKey("users.id"), comment="who had it in this time; null: nobody yet"),
    moment("from_at", required=True),
    moment("to_at"),
    Column("reason", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("words", JSONB, comment='the explanation in both languages: {"ru": …, "en": …}; null: a person\'s words'),
    Column("record", JSONB, comment="everything it was decided by; see crm_core.domain.explanations"),
    Column("by", Uuid, comment="who decided; null: the system"),
    one_of("reason", LeadReason),
)
Index("lead_history_lead_id_idx", lead_history.c.lead_id, lead_history.c.from_at)
