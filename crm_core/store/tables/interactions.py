"""The log of contacts: what was heard, and the calls made of it.

Interactions and raw call events are partitioned by range of their UUIDv7, which names
the moment first heard; :mod:`crm_core.store.partitions` makes the months.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm_core.domain.calls import Direction, EndedBy, InteractionState, LegResult, LegRole, Outcome
from crm_core.domain.recordings import Encoding, RecordingState
from crm_core.store.tables.columns import flag, metadata, moment, one_of, seconds, version

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
    moment("started_at", required=True),
    moment("answered_at"),
    moment("ended_at"),
    seconds("wait_s"),
    seconds("talk_s"),
    seconds("hold_s"),
    seconds("wrap_up_s"),
    moment("wrap_up_until"),
    moment("closed_at"),
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
    moment("disposition_at"),
    Column("contact_number", Integer),
    Column("merged_into", Uuid),
    flag("complete", default=True),
    moment("updated_at", default_now=True),
    version(),
    one_of("channel", ("call", "email", "telegram", "webchat", "webform", "meeting")),
    one_of("direction", Direction),
    one_of("state", InteractionState),
    one_of("outcome", Outcome),
    one_of("ended_by", EndedBy),
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
    moment("offered_at", required=True),
    flag("rang", default=False),
    moment("answered_at"),
    moment("ended_at"),
    Column("result", Text),
    flag("on_hold", default=False),
    Column(
        "had",
        ARRAY(DateTime(timezone=True)),
        nullable=False,
        server_default=text("'{}'"),
        comment="when it had the client: from, until, from, until …; an odd one out still lasts",
    ),
    seconds("talk_s"),
    seconds("hold_s"),
    UniqueConstraint("interaction_id", "uniqueid"),
    one_of("role", LegRole),
    one_of("result", LegResult),
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
    moment("started_at", required=True),
    Column(
        "consultation",
        ARRAY(Text),
        comment="uniqueids of the phones that consulted each other; null: the client is heard",
    ),
    Column("state", Text, nullable=False, server_default="awaited"),
    seconds("duration_s"),
    Column("encoding", Text, comment="once the file was seen"),
    Column("place", Text, comment="where it was found, below the place that the settings name"),
    Column("looks", Integer, nullable=False, server_default=text("0"), comment="in vain so far"),
    moment("next_look_at"),
    UniqueConstraint("interaction_id", "name"),
    one_of("state", RecordingState),
    one_of("encoding", Encoding),
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
