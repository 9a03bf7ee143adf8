-- What is written: conversations, messages, files, what is still to be sent.

CREATE TABLE conversations (
  interaction_id UUID NOT NULL,
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  thread TEXT NOT NULL,
  subject TEXT,
  inbox_state TEXT DEFAULT 'open' NOT NULL,
  snoozed_until TIMESTAMP WITH TIME ZONE,
  proven JSONB DEFAULT '{}' NOT NULL,
  participants TEXT[] DEFAULT '{}' NOT NULL,
  follows UUID,
  refers_to UUID,
  tag TEXT,
  urgent BOOLEAN DEFAULT false NOT NULL,
  call_asked_at TIMESTAMP WITH TIME ZONE,
  unread INTEGER DEFAULT 0 NOT NULL,
  waiting_since TIMESTAMP WITH TIME ZONE,
  watch_at TIMESTAMP WITH TIME ZONE,
  nobody_since TIMESTAMP WITH TIME ZONE,
  trip_id UUID,
  deal_id UUID,
  last_at TIMESTAMP WITH TIME ZONE NOT NULL,
  last_excerpt TEXT DEFAULT '' NOT NULL,
  last_direction TEXT NOT NULL,
  CONSTRAINT conversations_pkey PRIMARY KEY (interaction_id),
  CONSTRAINT conversations_channel_check CHECK (channel IN ('email', 'telegram', 'webchat')),
  CONSTRAINT conversations_inbox_state_check CHECK (inbox_state IN ('open', 'waiting', 'snoozed', 'closed')),
  CONSTRAINT conversations_last_direction_check CHECK (last_direction IN ('inbound', 'outbound', 'internal')),
  CONSTRAINT conversations_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES interactions (id) ON DELETE CASCADE,
  CONSTRAINT conversations_trip_id_fkey FOREIGN KEY(trip_id) REFERENCES trips (id) ON DELETE SET NULL,
  CONSTRAINT conversations_deal_id_fkey FOREIGN KEY(deal_id) REFERENCES deals (id) ON DELETE SET NULL
);

CREATE INDEX conversations_live_idx ON conversations (last_at) WHERE inbox_state <> 'closed';
CREATE INDEX conversations_nobody_idx ON conversations (nobody_since) WHERE nobody_since IS NOT NULL;
CREATE INDEX conversations_snoozed_idx ON conversations (snoozed_until) WHERE inbox_state = 'snoozed';
CREATE INDEX conversations_thread_idx ON conversations (channel, source, thread);
CREATE UNIQUE INDEX conversations_thread_key ON conversations (channel, source, thread) WHERE inbox_state <> 'closed';
CREATE INDEX conversations_watch_at_idx ON conversations (watch_at) WHERE watch_at IS NOT NULL;
COMMENT ON COLUMN conversations.interaction_id IS 'the contact it is';
COMMENT ON COLUMN conversations.source IS 'name of the mailbox, bot or site';
COMMENT ON COLUMN conversations.thread IS 'the chat, the visitor, or the token in the address we write from';
COMMENT ON COLUMN conversations.proven IS 'what the writer has shown to be theirs: {"phone": …, "email": …}';
COMMENT ON COLUMN conversations.participants IS 'of the client''s side';
COMMENT ON COLUMN conversations.follows IS 'the conversation that it goes on from, when that was closed';
COMMENT ON COLUMN conversations.refers_to IS 'a conversation of others that its first message named';
COMMENT ON COLUMN conversations.tag IS 'of the link they came by; a stranger''s words';
COMMENT ON COLUMN conversations.call_asked_at IS 'they want to be called, and nobody knows yet at which number';
COMMENT ON COLUMN conversations.urgent IS 'the client said so';
COMMENT ON COLUMN conversations.unread IS 'since its manager looked';
COMMENT ON COLUMN conversations.trip_id IS 'what it is about';
COMMENT ON COLUMN conversations.deal_id IS 'what it is about';

CREATE TABLE blobs (
  digest BYTEA NOT NULL,
  size BIGINT NOT NULL,
  data BYTEA NOT NULL,
  stored_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT blobs_pkey PRIMARY KEY (digest)
);

-- What is compressed already is not compressed again.
ALTER TABLE blobs ALTER COLUMN data SET STORAGE EXTERNAL;

COMMENT ON COLUMN blobs.digest IS 'SHA-256';

-- What a search reads of a message. The Russian configuration stems Latin words as English ones; ё and е are one
-- letter. Its price is what it is: taken to be cheap, every message of a month would be read anew for one word.
CREATE FUNCTION words_said(subject TEXT, body TEXT) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
  AS $$ BEGIN RETURN to_tsvector('pg_catalog.russian', translate(COALESCE(subject || ' ', '') || body, 'ёЁ', 'еЕ')); END $$;

CREATE TABLE messages (
  id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  external_id TEXT NOT NULL,
  kind TEXT DEFAULT 'message' NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  author_id UUID,
  from_address TEXT,
  from_name TEXT,
  to_addresses TEXT[] DEFAULT '{}' NOT NULL,
  subject TEXT,
  body TEXT NOT NULL,
  own TEXT,
  html TEXT,
  answers TEXT,
  album TEXT,
  automatic BOOLEAN DEFAULT false NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  delivered_at TIMESTAMP WITH TIME ZONE,
  read_at TIMESTAMP WITH TIME ZONE,
  edited_at TIMESTAMP WITH TIME ZONE,
  deleted_at TIMESTAMP WITH TIME ZONE,
  trouble TEXT,
  raw BYTEA,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT messages_pkey PRIMARY KEY (id),
  CONSTRAINT messages_kind_check CHECK (kind IN ('message', 'note')),
  CONSTRAINT messages_direction_check CHECK (direction IN ('inbound', 'outbound', 'internal')),
  CONSTRAINT messages_state_check CHECK (state IN ('received', 'pending', 'sent', 'delivered', 'read', 'bounced', 'failed', 'uncertain')),
  CONSTRAINT messages_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES interactions (id) ON DELETE CASCADE,
  CONSTRAINT messages_raw_fkey FOREIGN KEY(raw) REFERENCES blobs (digest)
)
 PARTITION BY RANGE (id);

CREATE TABLE messages_default PARTITION OF messages DEFAULT;

CREATE INDEX messages_external_id_idx ON messages (external_id);
CREATE INDEX messages_interaction_id_id_idx ON messages (interaction_id, id);
CREATE INDEX messages_search_idx ON messages USING gin (words_said(subject, body) tsvector_ops);
COMMENT ON COLUMN messages.id IS 'UUIDv7 of the moment first heard or written; names its partition';
COMMENT ON COLUMN messages.interaction_id IS 'its conversation';
COMMENT ON COLUMN messages.external_id IS 'Message-ID; chat_id:message_id; our own id';
COMMENT ON COLUMN messages.author_id IS 'who of us wrote it';
COMMENT ON COLUMN messages.from_name IS 'a stranger''s words';
COMMENT ON COLUMN messages.body IS 'all of it, as text';
COMMENT ON COLUMN messages.own IS 'without quotes and signature; null: the same';
COMMENT ON COLUMN messages.html IS 'sanitised';
COMMENT ON COLUMN messages.answers IS 'external id of the message it answers';
COMMENT ON COLUMN messages.album IS 'what its parts, heard one by one, have in common';
COMMENT ON COLUMN messages.deleted_at IS 'by its writer, where they see it; we keep it';
COMMENT ON COLUMN messages.trouble IS 'why it was not sent, in words';
COMMENT ON COLUMN messages.raw IS 'as it came; the only copy';

CREATE TABLE message_files (
  id UUID NOT NULL,
  message_id UUID NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  inline_id TEXT,
  CONSTRAINT message_files_pkey PRIMARY KEY (id),
  CONSTRAINT message_files_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
  CONSTRAINT message_files_digest_fkey FOREIGN KEY(digest) REFERENCES blobs (digest)
);

CREATE INDEX message_files_message_id_idx ON message_files (message_id);
COMMENT ON COLUMN message_files.message_id IS 'came with it';
COMMENT ON COLUMN message_files.name IS 'a stranger''s words';
COMMENT ON COLUMN message_files.digest IS 'its bytes, kept once';
COMMENT ON COLUMN message_files.inline_id IS 'Content-ID, when the text shows it in its place';

CREATE TABLE uploads (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  data BYTEA NOT NULL,
  stored_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT uploads_pkey PRIMARY KEY (id),
  CONSTRAINT uploads_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

ALTER TABLE uploads ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE INDEX uploads_stored_at_idx ON uploads (stored_at);
COMMENT ON COLUMN uploads.user_id IS 'theirs alone until it is sent';
COMMENT ON COLUMN uploads.digest IS 'SHA-256';

CREATE TABLE outgoing (
  message_id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  fence BIGINT DEFAULT 0 NOT NULL,
  taken_until TIMESTAMP WITH TIME ZONE,
  begun_at TIMESTAMP WITH TIME ZONE,
  extras JSONB,
  CONSTRAINT outgoing_pkey PRIMARY KEY (message_id),
  CONSTRAINT outgoing_channel_check CHECK (channel IN ('email', 'telegram', 'webchat')),
  CONSTRAINT outgoing_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
);

CREATE INDEX outgoing_interaction_id_idx ON outgoing (interaction_id, message_id);
CREATE INDEX outgoing_next_at_idx ON outgoing (channel, source, next_at);
COMMENT ON COLUMN outgoing.message_id IS 'gone when nothing is left to be sent';
COMMENT ON COLUMN outgoing.interaction_id IS 'one conversation''s messages leave in their order';
COMMENT ON COLUMN outgoing.fence IS 'grows with each sender that takes it';
COMMENT ON COLUMN outgoing.extras IS 'what its channel shows beside the words, such as buttons';

CREATE TABLE conversation_turns (
  id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  agent_id UUID,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  to_at TIMESTAMP WITH TIME ZONE,
  words JSONB NOT NULL,
  record JSONB,
  by UUID,
  CONSTRAINT conversation_turns_pkey PRIMARY KEY (id),
  CONSTRAINT conversation_turns_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES conversations (interaction_id) ON DELETE CASCADE,
  CONSTRAINT conversation_turns_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES users (id)
);

CREATE INDEX conversation_turns_agent_id_idx ON conversation_turns (agent_id, from_at);
CREATE INDEX conversation_turns_interaction_id_idx ON conversation_turns (interaction_id);
COMMENT ON COLUMN conversation_turns.interaction_id IS 'its story';
COMMENT ON COLUMN conversation_turns.agent_id IS 'who had it in this time; null: its queue';
COMMENT ON COLUMN conversation_turns.words IS 'why: {ru, en}';
COMMENT ON COLUMN conversation_turns.record IS 'what the engine decided it by';
COMMENT ON COLUMN conversation_turns.by IS 'null: the system';

CREATE TABLE channel_links (
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  position JSONB DEFAULT '{}' NOT NULL,
  state TEXT DEFAULT 'down' NOT NULL,
  since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  error TEXT,
  heard_at TIMESTAMP WITH TIME ZONE,
  secret UUID DEFAULT gen_random_uuid() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT channel_links_pkey PRIMARY KEY (channel, source),
  CONSTRAINT channel_links_channel_check CHECK (channel IN ('email', 'telegram', 'webchat')),
  CONSTRAINT channel_links_state_check CHECK (state IN ('up', 'down', 'refused'))
);

COMMENT ON COLUMN channel_links.position IS 'everything until here is stored';
COMMENT ON COLUMN channel_links.secret IS 'signs the addresses at which it is answered';


CREATE TABLE answer_clocks (
  id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  first BOOLEAN NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  grace_from TIMESTAMP WITH TIME ZONE NOT NULL,
  warn_at TIMESTAMP WITH TIME ZONE,
  notify_at TIMESTAMP WITH TIME ZONE,
  escalate_at TIMESTAMP WITH TIME ZONE,
  forgiven_s DOUBLE PRECISION DEFAULT 0 NOT NULL,
  policies TEXT[] DEFAULT '{}' NOT NULL,
  policy_versions INTEGER[] DEFAULT '{}' NOT NULL,
  warned_at TIMESTAMP WITH TIME ZONE,
  told TEXT[] DEFAULT '{}' NOT NULL,
  moves INTEGER DEFAULT 0 NOT NULL,
  agent_id UUID,
  looked_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended TEXT,
  answered_by UUID,
  late_s DOUBLE PRECISION,
  late_by TEXT,
  CONSTRAINT answer_clocks_pkey PRIMARY KEY (id),
  CONSTRAINT answer_clocks_ended_check CHECK (ended IN ('answered', 'closed')),
  CONSTRAINT answer_clocks_late_by_check CHECK (late_by IN ('agent', 'system')),
  CONSTRAINT answer_clocks_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES conversations (interaction_id) ON DELETE CASCADE
);

CREATE INDEX answer_clocks_interaction_id_idx ON answer_clocks (interaction_id);
CREATE UNIQUE INDEX answer_clocks_running_key ON answer_clocks (interaction_id) WHERE ended_at IS NULL;
COMMENT ON COLUMN answer_clocks.first IS 'nothing of it was answered before';
COMMENT ON COLUMN answer_clocks.told IS 'of what the supervisor knows';
COMMENT ON COLUMN answer_clocks.agent_id IS 'whose moments these are; null: its queue''s';

CREATE TABLE mentions (
  message_id UUID NOT NULL,
  user_id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT mentions_pkey PRIMARY KEY (message_id, user_id),
  CONSTRAINT mentions_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
  CONSTRAINT mentions_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX mentions_user_id_idx ON mentions (user_id, interaction_id);
COMMENT ON COLUMN mentions.user_id IS 'who was called';
COMMENT ON COLUMN mentions.interaction_id IS 'into this conversation: they may read it';

CREATE TABLE canned_answers (
  id UUID NOT NULL,
  shortcut TEXT NOT NULL,
  title TEXT NOT NULL,
  texts JSONB NOT NULL,
  team_id UUID,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT canned_answers_pkey PRIMARY KEY (id),
  CONSTRAINT canned_answers_shortcut_key UNIQUE (shortcut),
  CONSTRAINT canned_answers_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE
);

COMMENT ON COLUMN canned_answers.shortcut IS 'what is typed after a slash';
COMMENT ON COLUMN canned_answers.texts IS 'by language, with {{variables}}';
COMMENT ON COLUMN canned_answers.team_id IS 'whose; null: everybody''s';

CREATE TABLE clients_apart (
  one_id UUID NOT NULL,
  other_id UUID NOT NULL,
  by UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT clients_apart_pkey PRIMARY KEY (one_id, other_id),
  CONSTRAINT clients_apart_one_id_fkey FOREIGN KEY(one_id) REFERENCES clients (id) ON DELETE CASCADE,
  CONSTRAINT clients_apart_other_id_fkey FOREIGN KEY(other_id) REFERENCES clients (id) ON DELETE CASCADE
);

COMMENT ON COLUMN clients_apart.one_id IS 'the smaller id';
COMMENT ON COLUMN clients_apart.by IS 'who said that they are two people';

ALTER TABLE queues ADD COLUMN answer_within JSONB DEFAULT '{}' NOT NULL;
COMMENT ON COLUMN queues.answer_within IS '{"email": {"first_s": …, "next_s": …}, …}; what it does not say is as usual';

CREATE TABLE telegram_people (
  source TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  language TEXT,
  app_language TEXT,
  met_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  blocked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT telegram_people_pkey PRIMARY KEY (source, user_id)
);

COMMENT ON COLUMN telegram_people.source IS 'the bot they have begun to talk with';
COMMENT ON COLUMN telegram_people.language IS 'ru or en, when they chose';
COMMENT ON COLUMN telegram_people.blocked_at IS 'the bot may not write to them since then';

CREATE TABLE telegram_groups (
  source TEXT NOT NULL,
  chat_id BIGINT NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  trip_id UUID,
  bound_at TIMESTAMP WITH TIME ZONE,
  gone_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT telegram_groups_pkey PRIMARY KEY (source, chat_id),
  CONSTRAINT telegram_groups_trip_id_fkey FOREIGN KEY(trip_id) REFERENCES trips (id) ON DELETE SET NULL
);

CREATE INDEX telegram_groups_trip_id_idx ON telegram_groups (trip_id);
COMMENT ON COLUMN telegram_groups.source IS 'the bot that is in it';
COMMENT ON COLUMN telegram_groups.title IS 'a stranger''s words';
COMMENT ON COLUMN telegram_groups.gone_at IS 'the bot was put out';

ALTER TABLE contact_points ADD COLUMN unreachable_at TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN contact_points.unreachable_at IS 'they have shut us out, or it is no more';

ALTER TABLE rejected_inputs ADD COLUMN key TEXT;
CREATE UNIQUE INDEX rejected_inputs_key ON rejected_inputs (source, key) WHERE key IS NOT NULL;
COMMENT ON COLUMN rejected_inputs.key IS 'told again it is the same';

CREATE TABLE webchat_sites (
  name TEXT NOT NULL,
  secret UUID DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT webchat_sites_pkey PRIMARY KEY (name)
);

COMMENT ON COLUMN webchat_sites.name IS 'as in the settings';
COMMENT ON COLUMN webchat_sites.secret IS 'signs who its visitors are';

CREATE TABLE webchat_visitors (
  id UUID NOT NULL,
  source TEXT NOT NULL,
  subject TEXT,
  name TEXT,
  email TEXT,
  phone TEXT,
  language TEXT,
  page TEXT,
  title TEXT,
  referrer TEXT,
  tags JSONB DEFAULT '{}' NOT NULL,
  came_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT webchat_visitors_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX webchat_visitors_subject_key ON webchat_visitors (source, subject) WHERE subject IS NOT NULL;
COMMENT ON COLUMN webchat_visitors.id IS 'the thread of their conversations';
COMMENT ON COLUMN webchat_visitors.source IS 'name of the site';
COMMENT ON COLUMN webchat_visitors.subject IS 'who they are to the site, which vouches for it; null: anonymous';
COMMENT ON COLUMN webchat_visitors.email IS 'vouched for by the site, like name and phone';
COMMENT ON COLUMN webchat_visitors.page IS 'where they wrote last; a stranger''s words, as all that follow';
COMMENT ON COLUMN webchat_visitors.referrer IS 'what they came from first';
COMMENT ON COLUMN webchat_visitors.tags IS 'of the campaign: utm_source and the like';

ALTER TABLE callbacks ADD COLUMN told_due_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN confirmed_at TIMESTAMP WITH TIME ZONE;
CREATE INDEX callbacks_to_tell_idx ON callbacks (id) WHERE via = 'telegram' AND state = 'open' AND told_due_at IS DISTINCT FROM due_at;
COMMENT ON COLUMN callbacks.told_due_at IS 'the moment that the client was told in the chat';
COMMENT ON COLUMN callbacks.confirmed_at IS 'when the client said that it suits';
