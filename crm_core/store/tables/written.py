"""What is written: conversations, their messages and files, and what is still to be sent.

A conversation is the written half of an interaction and has its id. Messages are
partitioned like interactions, by range of their UUIDv7. Bytes are kept once,
under their digest, whoever sent them how often.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from crm_core.domain.calls import Direction
from crm_core.domain.written import TWO_WAY, InboxState, MessageKind, MessageState, WrittenChannel
from crm_core.store.tables.columns import flag, metadata, moment, one_of, version

conversations = Table(
    "conversations",
    metadata,
    Column(
        "interaction_id",
        ForeignKey("interactions.id", ondelete="CASCADE"),
        primary_key=True,
        comment="the contact it is",
    ),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False, comment="name of the mailbox, bot or site"),
    Column("thread", Text, nullable=False, comment="the chat, the visitor, or the token in the address we write from"),
    Column("subject", Text),
    Column("inbox_state", Text, nullable=False, server_default="open"),
    moment("snoozed_until"),
    Column(
        "proven",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment='what the writer has shown to be theirs: {"phone": …, "email": …}',
    ),
    Column("participants", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="of the client's side"),
    Column("follows", Uuid, comment="the conversation that it goes on from, when that was closed"),
    Column("refers_to", Uuid, comment="a conversation of others that its first message named"),
    Column("tag", Text, comment="of the link they came by; a stranger's words"),
    flag("urgent", default=False, comment="the client said so"),
    moment("call_asked_at", comment="they want to be called, and nobody knows yet at which number"),
    Column("unread", Integer, nullable=False, server_default=text("0"), comment="since its manager looked"),
    moment("waiting_since"),
    moment("watch_at"),
    moment("nobody_since"),
    Column("trip_id", ForeignKey("trips.id", ondelete="SET NULL"), comment="what it is about"),
    Column("deal_id", ForeignKey("deals.id", ondelete="SET NULL"), comment="what it is about"),
    moment("last_at", required=True),
    Column("last_excerpt", Text, nullable=False, server_default=""),
    Column("last_direction", Text, nullable=False),
    one_of("channel", WrittenChannel),
    one_of("inbox_state", InboxState),
    one_of("last_direction", Direction),
)
# Of a chat or a visitor one conversation is open; mails have a token each.
Index(
    "conversations_thread_key",
    conversations.c.channel,
    conversations.c.source,
    conversations.c.thread,
    unique=True,
    postgresql_where=text("inbox_state <> 'closed'"),
)
Index("conversations_thread_idx", conversations.c.channel, conversations.c.source, conversations.c.thread)
Index("conversations_live_idx", conversations.c.last_at, postgresql_where=text("inbox_state <> 'closed'"))
Index("conversations_last_at_idx", conversations.c.last_at, conversations.c.interaction_id)
Index("conversations_snoozed_idx", conversations.c.snoozed_until, postgresql_where=text("inbox_state = 'snoozed'"))
Index("conversations_watch_at_idx", conversations.c.watch_at, postgresql_where=text("watch_at IS NOT NULL"))
Index("conversations_nobody_idx", conversations.c.nobody_since, postgresql_where=text("nobody_since IS NOT NULL"))

blobs = Table(
    "blobs",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    moment("stored_at", default_now=True),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7 of the moment first heard or written; names its partition"),
    Column(
        "interaction_id",
        ForeignKey("interactions.id", ondelete="CASCADE"),
        nullable=False,
        comment="its conversation",
    ),
    Column("external_id", Text, nullable=False, comment="Message-ID; chat_id:message_id; our own id"),
    Column("kind", Text, nullable=False, server_default="message"),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("author_id", Uuid, comment="who of us wrote it"),
    Column("from_address", Text),
    Column("from_name", Text, comment="a stranger's words"),
    Column("to_addresses", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("cc_addresses", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column(
        "reply_to",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="where a mail asks to be answered; a stranger's word",
    ),
    Column("subject", Text),
    Column("body", Text, nullable=False, comment="all of it, as text"),
    Column("own", Text, comment="without quotes and signature; null: the same"),
    Column("html", Text, comment="sanitised"),
    Column("answers", Text, comment="external id of the message it answers"),
    Column("album", Text, comment="what its parts, heard one by one, have in common"),
    flag("automatic", default=False),
    flag("privately", default=False, comment="to whoever asked in a group alone"),
    moment("at", required=True),
    moment("sent_at"),
    moment("delivered_at"),
    moment("read_at"),
    moment("opened_at", comment="its picture was loaded for the first time; by whom, nobody knows"),
    moment("edited_at"),
    moment("deleted_at", comment="by its writer, where they see it; we keep it"),
    Column("trouble_code", Text, comment="why it was not sent"),
    Column("trouble", Text, comment="the same as the other side says it"),
    Column("bounces", JSONB, comment="whom a mail of ours did not reach: [{address, words}, …]"),
    Column("marks", JSONB, comment="parts of the text that are more: [{kind, offset, length, address}, …]"),
    Column("raw", ForeignKey("blobs.digest"), comment="as it came; the only copy"),
    Column("words", TSVECTOR, Computed("words_said(subject, body)"), comment="what a search reads of it"),
    version(),
    one_of("kind", MessageKind),
    one_of("direction", Direction),
    one_of("state", MessageState),
    postgresql_partition_by="RANGE (id)",
)
Index("messages_interaction_id_id_idx", messages.c.interaction_id, messages.c.id)
Index("messages_interaction_id_at_id_idx", messages.c.interaction_id, messages.c.at, messages.c.id)
Index("messages_external_id_idx", messages.c.external_id)
Index("messages_search_idx", messages.c.words, postgresql_using="gin")

message_files = Table(
    "message_files",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, comment="came with it"),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False, comment="a stranger's words"),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", ForeignKey("blobs.digest"), nullable=False, comment="its bytes, kept once"),
    Column("inline_id", Text, comment="Content-ID, when the text shows it in its place"),
)
Index("message_files_message_id_idx", message_files.c.message_id)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "user_id",
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        comment="theirs alone until it is sent",
    ),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256"),
    Column("data", LargeBinary, nullable=False),
    moment("stored_at", default_now=True),
)
Index("uploads_stored_at_idx", uploads.c.stored_at)

outgoing = Table(
    "outgoing",
    metadata,
    Column(
        "message_id",
        ForeignKey("messages.id", ondelete="CASCADE"),
        primary_key=True,
        comment="gone when nothing is left to be sent",
    ),
    Column("interaction_id", Uuid, nullable=False, comment="one conversation's messages leave in their order"),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    moment("next_at", required=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column(
        "fence", BigInteger, nullable=False, server_default=text("0"), comment="grows with each sender that takes it"
    ),
    moment("taken_until"),
    moment("begun_at"),
    Column("extras", JSONB, comment="what its channel shows beside the words, such as buttons"),
    Column(
        "parts_said",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="of one that leaves in several: these are out, and are never said again",
    ),
    one_of("channel", TWO_WAY),
)
Index("outgoing_interaction_id_idx", outgoing.c.interaction_id, outgoing.c.message_id)
Index("outgoing_next_at_idx", outgoing.c.channel, outgoing.c.source, outgoing.c.next_at)

sent_copies = Table(
    "sent_copies",
    metadata,
    Column(
        "message_id",
        ForeignKey("messages.id", ondelete="CASCADE"),
        primary_key=True,
        comment="gone when its copy lies in the folder",
    ),
    Column("source", Text, nullable=False, comment="name of the mailbox"),
    moment("next_at", default_now=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
)
Index("sent_copies_next_at_idx", sent_copies.c.source, sent_copies.c.next_at)

conversation_turns = Table(
    "conversation_turns",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "interaction_id",
        ForeignKey("conversations.interaction_id", ondelete="CASCADE"),
        nullable=False,
        comment="its story",
    ),
    Column("agent_id", ForeignKey("users.id"), comment="who had it in this time; null: its queue"),
    moment("from_at", required=True),
    moment("to_at"),
    Column("words", JSONB, nullable=False, comment="why: {ru, en}"),
    Column("record", JSONB, comment="what the engine decided it by"),
    Column("by", Uuid, comment="null: the system"),
)
Index("conversation_turns_interaction_id_idx", conversation_turns.c.interaction_id)
Index("conversation_turns_agent_id_idx", conversation_turns.c.agent_id, conversation_turns.c.from_at)

channel_links = Table(
    "channel_links",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("position", JSONB, nullable=False, server_default=text("'{}'"), comment="everything until here is stored"),
    Column("state", Text, nullable=False, server_default="down"),
    moment("since", default_now=True),
    Column("error", Text),
    Column("address", Text, comment="what clients know it by, as it told us last: @bot"),
    moment("heard_at"),
    Column(
        "secret",
        Uuid,
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="signs the addresses at which it is answered",
    ),
    version(),
    one_of("channel", TWO_WAY),
    one_of("state", ("up", "down", "refused")),
)

webchat_sites = Table(
    "webchat_sites",
    metadata,
    Column("name", Text, primary_key=True, comment="as in the settings"),
    Column(
        "secret",
        Uuid,
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="signs who its visitors are",
    ),
)

webchat_visitors = Table(
    "webchat_visitors",
    metadata,
    Column("id", Uuid, primary_key=True, comment="the thread of their conversations"),
    Column("source", Text, nullable=False, comment="name of the site"),
    Column("subject", Text, comment="who they are to the site, which vouches for it; null: anonymous"),
    Column("name", Text),
    Column("email", Text, comment="vouched for by the site, like name and phone"),
    Column("phone", Text),
    Column("language", Text),
    Column("page", Text, comment="where they wrote last; a stranger's words, as all that follow"),
    Column("title", Text),
    Column("referrer", Text, comment="what they came from first"),
    Column(
        "tags", JSONB, nullable=False, server_default=text("'{}'"), comment="of the campaign: utm_source and the like"
    ),
    moment("came_at", default_now=True),
    moment("seen_at", default_now=True),
)
Index(
    "webchat_visitors_subject_key",
    webchat_visitors.c.source,
    webchat_visitors.c.subject,
    unique=True,
    postgresql_where=text("subject IS NOT NULL"),
)
