-- Everything the first release stores. Frozen: later changes are later migrations.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE audit_log (
  id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  user_id UUID,
  action TEXT NOT NULL,
  subject_kind TEXT,
  subject_id UUID,
  details JSONB DEFAULT '{}' NOT NULL,
  address TEXT,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_log_subject_id_idx ON audit_log (subject_id);

CREATE TABLE callback_policies (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  rule JSONB NOT NULL,
  enabled BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT callback_policies_pkey PRIMARY KEY (name, version)
);

COMMENT ON COLUMN callback_policies.rule IS 'the contract''s policy fields';

CREATE TABLE catalogue_versions (
  name TEXT NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT catalogue_versions_pkey PRIMARY KEY (name)
);


CREATE TABLE contact_tallies (
  who TEXT NOT NULL,
  contacts INTEGER NOT NULL,
  latest UUID NOT NULL,
  CONSTRAINT contact_tallies_pkey PRIMARY KEY (who)
);

COMMENT ON COLUMN contact_tallies.who IS 'a client''s id, or the address of somebody who is none yet';
COMMENT ON COLUMN contact_tallies.latest IS 'the youngest interaction that was counted';

CREATE TABLE dispositions (
  code TEXT NOT NULL,
  labels JSONB NOT NULL,
  resultative BOOLEAN NOT NULL,
  contact_made BOOLEAN NOT NULL,
  callback TEXT DEFAULT 'none' NOT NULL,
  position INTEGER NOT NULL,
  enabled BOOLEAN DEFAULT true NOT NULL,
  CONSTRAINT dispositions_pkey PRIMARY KEY (code),
  CONSTRAINT dispositions_callback_check CHECK (callback IN ('none', 'optional', 'required'))
);

COMMENT ON COLUMN dispositions.callback IS 'is the time of a next contact asked for';

CREATE TABLE fact_keys (
  channel TEXT NOT NULL,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  interaction_id UUID NOT NULL,
  CONSTRAINT fact_keys_pkey PRIMARY KEY (channel, source, external_id)
);

CREATE INDEX fact_keys_interaction_id_idx ON fact_keys (interaction_id);
COMMENT ON COLUMN fact_keys.source IS 'call: PBX and its boot; mail: mailbox';

CREATE TABLE gaps (
  id UUID NOT NULL,
  source TEXT NOT NULL,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  to_at TIMESTAMP WITH TIME ZONE,
  cause TEXT NOT NULL,
  affected INTEGER DEFAULT 0 NOT NULL,
  repaired INTEGER DEFAULT 0 NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  sources TEXT[] DEFAULT '{}' NOT NULL,
  trouble TEXT,
  attempts INTEGER DEFAULT 0 NOT NULL,
  next_try_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT gaps_pkey PRIMARY KEY (id),
  CONSTRAINT gaps_state_check CHECK (state IN ('open', 'repairing', 'repaired', 'partly', 'unrepaired'))
);

CREATE INDEX gaps_unrepaired_idx ON gaps (source, from_at) WHERE state <> 'repaired';

CREATE INDEX gaps_source_from_at_idx ON gaps (source, from_at);
COMMENT ON COLUMN gaps.sources IS 'the books it was repaired from';
COMMENT ON COLUMN gaps.trouble IS 'why a book gave nothing, in words';
COMMENT ON COLUMN gaps.source IS 'name of the PBX, mailbox, bot; ''system'' for our own absence';

CREATE TABLE idempotency_keys (
  user_id UUID NOT NULL,
  key TEXT NOT NULL,
  request_hash BYTEA NOT NULL,
  status INTEGER,
  body BYTEA,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key)
);

COMMENT ON COLUMN idempotency_keys.status IS 'null while the first request is still running';

CREATE TABLE interactions (
  id UUID NOT NULL,
  channel TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  external_id TEXT NOT NULL,
  pbx TEXT,
  boot TEXT,
  queue TEXT,
  queues TEXT[] DEFAULT '{}' NOT NULL,
  client_id UUID,
  client_address TEXT,
  caller_name TEXT,
  our_address TEXT,
  agent_id UUID,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  wait_s DOUBLE PRECISION,
  talk_s DOUBLE PRECISION,
  hold_s DOUBLE PRECISION,
  wrap_up_s DOUBLE PRECISION,
  wrap_up_until TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  ended_by TEXT,
  hangup_cause INTEGER,
  client_channel TEXT,
  stays JSONB DEFAULT '[]' NOT NULL,
  disposition_code TEXT,
  disposition_note TEXT,
  disposition_resultative BOOLEAN,
  disposition_by UUID,
  disposition_at TIMESTAMP WITH TIME ZONE,
  contact_number INTEGER,
  merged_into UUID,
  complete BOOLEAN DEFAULT true NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT interactions_pkey PRIMARY KEY (id),
  CONSTRAINT interactions_channel_check CHECK (channel IN ('call', 'email', 'telegram', 'webchat', 'webform', 'meeting')),
  CONSTRAINT interactions_direction_check CHECK (direction IN ('inbound', 'outbound', 'internal')),
  CONSTRAINT interactions_state_check CHECK (state IN ('offered', 'queued', 'active', 'wrap_up', 'closed')),
  CONSTRAINT interactions_outcome_check CHECK (outcome IN ('answered', 'voicemail', 'short_abandoned', 'abandoned', 'busy', 'no_answer', 'failed', 'unanswered')),
  CONSTRAINT interactions_ended_by_check CHECK (ended_by IN ('client', 'agent', 'system'))
)
 PARTITION BY RANGE (id);

CREATE TABLE interactions_default PARTITION OF interactions DEFAULT;

CREATE INDEX interactions_agent_id_id_idx ON interactions (agent_id, id);
CREATE INDEX interactions_client_id_id_idx ON interactions (client_id, id) INCLUDE (contact_number);
CREATE INDEX interactions_external_id_idx ON interactions (external_id);
CREATE INDEX interactions_client_address_id_idx ON interactions (client_address, id) INCLUDE (contact_number);
CREATE INDEX interactions_live_idx ON interactions (agent_id) WHERE state <> 'closed';
CREATE INDEX interactions_missed_idx ON interactions (id) WHERE direction = 'inbound' AND outcome IN ('abandoned', 'short_abandoned', 'no_answer', 'busy', 'voicemail');
COMMENT ON COLUMN interactions.id IS 'UUIDv7 of the moment first heard; names its partition';
COMMENT ON COLUMN interactions.boot IS 'which run of the PBX: its Linkedids repeat after a restart';
COMMENT ON COLUMN interactions.client_address IS 'E.164 or address; as sent when it is not one; null when withheld';
COMMENT ON COLUMN interactions.caller_name IS 'the display name that came with it: a stranger''s words';
COMMENT ON COLUMN interactions.client_channel IS 'AMI name of the client''s channel, for a hang-up';
COMMENT ON COLUMN interactions.stays IS 'where the client was when no phone of ours had them: [{kind, name, from, to}]';
COMMENT ON COLUMN interactions.disposition_resultative IS 'as the list said when it was chosen';

CREATE TABLE lock_fences (
  name TEXT NOT NULL,
  fence BIGINT NOT NULL,
  CONSTRAINT lock_fences_pkey PRIMARY KEY (name)
);

COMMENT ON COLUMN lock_fences.fence IS 'grows with each owner of the lock';

CREATE TABLE login_attempts (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  subject TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT login_attempts_pkey PRIMARY KEY (id)
);

CREATE INDEX login_attempts_subject_at_idx ON login_attempts (subject, at);
COMMENT ON COLUMN login_attempts.subject IS '''login:…'' or ''address:…''';

CREATE TABLE outbox (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  seq BIGINT,
  type TEXT NOT NULL,
  rooms TEXT[] NOT NULL,
  body JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT outbox_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_seq_key UNIQUE (seq)
);

CREATE INDEX outbox_unstamped_idx ON outbox (id) WHERE seq IS NULL;
COMMENT ON COLUMN outbox.seq IS 'public order, stamped by the one relay after commit';
COMMENT ON COLUMN outbox.type IS 'wire name, call.offered';
COMMENT ON COLUMN outbox.rooms IS 'who may hear it, decided by the action';
COMMENT ON COLUMN outbox.body IS 'ids, version and a small body';

CREATE TABLE outbox_counter (
  id BOOLEAN DEFAULT true NOT NULL,
  last_seq BIGINT NOT NULL,
  CONSTRAINT outbox_counter_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_counter_single_check CHECK (id)
);


CREATE TABLE pause_reasons (
  code TEXT NOT NULL,
  labels JSONB NOT NULL,
  threshold_s INTEGER,
  productive BOOLEAN NOT NULL,
  position INTEGER NOT NULL,
  enabled BOOLEAN DEFAULT true NOT NULL,
  CONSTRAINT pause_reasons_pkey PRIMARY KEY (code)
);

COMMENT ON COLUMN pause_reasons.threshold_s IS 'longer than this is shown in amber';

CREATE TABLE pbx_commands (
  id UUID NOT NULL,
  pbx TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload JSONB NOT NULL,
  interaction_id UUID,
  requested_by UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  taken_at TIMESTAMP WITH TIME ZONE,
  finished_at TIMESTAMP WITH TIME ZONE,
  error TEXT,
  CONSTRAINT pbx_commands_pkey PRIMARY KEY (id),
  CONSTRAINT pbx_commands_kind_check CHECK (kind IN ('originate', 'hangup', 'decline', 'pause'))
);

CREATE INDEX pbx_commands_waiting_idx ON pbx_commands (pbx, id) WHERE taken_at IS NULL;
COMMENT ON COLUMN pbx_commands.error IS 'null after finishing: done';

CREATE TABLE pbx_links (
  pbx TEXT NOT NULL,
  state TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  boot TEXT,
  error TEXT,
  heard_at TIMESTAMP WITH TIME ZONE,
  stored_at TIMESTAMP WITH TIME ZONE,
  told_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  owner INTEGER,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT pbx_links_pkey PRIMARY KEY (pbx),
  CONSTRAINT pbx_links_state_check CHECK (state IN ('up', 'down', 'refused'))
);

COMMENT ON COLUMN pbx_links.boot IS 'the run whose events were stored last';
COMMENT ON COLUMN pbx_links.heard_at IS 'the last byte';
COMMENT ON COLUMN pbx_links.stored_at IS 'everything heard until then is in the log';
COMMENT ON COLUMN pbx_links.told_at IS 'when the owner said this last: one that is silent says nothing';
COMMENT ON COLUMN pbx_links.owner IS 'backend of the connection that holds the lock of this PBX: who wrote this row, if it still lives';

CREATE TABLE raw_call_events (
  id UUID NOT NULL,
  pbx TEXT NOT NULL,
  boot TEXT NOT NULL,
  linkedid TEXT NOT NULL,
  events JSONB NOT NULL,
  heard_at TIMESTAMP WITH TIME ZONE[] NOT NULL,
  CONSTRAINT raw_call_events_pkey PRIMARY KEY (id)
)
 PARTITION BY RANGE (id);

CREATE TABLE raw_call_events_default PARTITION OF raw_call_events DEFAULT;

CREATE INDEX raw_call_events_linkedid_idx ON raw_call_events (linkedid, id);
COMMENT ON COLUMN raw_call_events.id IS 'UUIDv7 of the first event; names its partition';
COMMENT ON COLUMN raw_call_events.events IS 'AMI events of one call in one batch, in order of arrival';
COMMENT ON COLUMN raw_call_events.heard_at IS 'when each of them was heard: a PBX need not tell the time';

CREATE TABLE rejected_inputs (
  id UUID NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  raw BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT rejected_inputs_pkey PRIMARY KEY (id)
);

COMMENT ON COLUMN rejected_inputs.raw IS 'kept whole, so that a person can look';

CREATE TABLE teams (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  CONSTRAINT teams_pkey PRIMARY KEY (id),
  CONSTRAINT teams_name_key UNIQUE (name)
);


CREATE TABLE legs (
  id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  uniqueid TEXT NOT NULL,
  agent_id UUID,
  channel TEXT NOT NULL,
  interface TEXT NOT NULL,
  role TEXT NOT NULL,
  queue TEXT,
  offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  rang BOOLEAN DEFAULT false NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  result TEXT,
  on_hold BOOLEAN DEFAULT false NOT NULL,
  had TIMESTAMP WITH TIME ZONE[] DEFAULT '{}' NOT NULL,
  talk_s DOUBLE PRECISION,
  hold_s DOUBLE PRECISION,
  CONSTRAINT legs_pkey PRIMARY KEY (id),
  CONSTRAINT legs_interaction_id_uniqueid_key UNIQUE (interaction_id, uniqueid),
  CONSTRAINT legs_role_check CHECK (role IN ('queue', 'direct', 'transfer_blind', 'transfer_attended', 'consult', 'originate')),
  CONSTRAINT legs_result_check CHECK (result IN ('answered', 'no_answer', 'busy', 'declined', 'answered_elsewhere', 'cancelled', 'failed')),
  CONSTRAINT legs_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES interactions (id) ON DELETE CASCADE
);

CREATE INDEX legs_live_idx ON legs (agent_id) WHERE ended_at IS NULL;
CREATE INDEX legs_agent_id_offered_at_idx ON legs (agent_id, offered_at);
COMMENT ON COLUMN legs.interaction_id IS 'a leg is part of its call';
COMMENT ON COLUMN legs.had IS 'when it had the client: from, until, from, until …; an odd one out still lasts';
COMMENT ON COLUMN legs.channel IS 'AMI name of the phone''s channel, for a hang-up';

CREATE TABLE queues (
  name TEXT NOT NULL,
  titles JSONB NOT NULL,
  team_id UUID,
  wrap_up_limit_s INTEGER DEFAULT 120 NOT NULL,
  short_abandon_s DOUBLE PRECISION DEFAULT 5 NOT NULL,
  service_level_s INTEGER DEFAULT 20 NOT NULL,
  missed_callback BOOLEAN DEFAULT true NOT NULL,
  missed_callback_short BOOLEAN DEFAULT false NOT NULL,
  missed_callback_due_s INTEGER DEFAULT 900 NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT queues_pkey PRIMARY KEY (name),
  CONSTRAINT queues_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL
);

COMMENT ON COLUMN queues.titles IS '{"ru": …, "en": …}';
COMMENT ON COLUMN queues.team_id IS 'its supervisors watch this queue';
COMMENT ON COLUMN queues.missed_callback IS 'a missed call makes a promise to call back';
COMMENT ON COLUMN queues.missed_callback_short IS 'one that left at once makes it as well';

CREATE TABLE recordings (
  id UUID NOT NULL,
  interaction_id UUID NOT NULL,
  pbx TEXT NOT NULL,
  file TEXT NOT NULL,
  name TEXT NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  consultation TEXT[],
  state TEXT DEFAULT 'awaited' NOT NULL,
  duration_s DOUBLE PRECISION,
  encoding TEXT,
  place TEXT,
  looks INTEGER DEFAULT 0 NOT NULL,
  next_look_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT recordings_pkey PRIMARY KEY (id),
  CONSTRAINT recordings_interaction_id_name_key UNIQUE (interaction_id, name),
  CONSTRAINT recordings_interaction_id_fkey FOREIGN KEY(interaction_id) REFERENCES interactions (id) ON DELETE CASCADE,
  CONSTRAINT recordings_state_check CHECK (state IN ('awaited', 'available', 'empty', 'missing', 'gone')),
  CONSTRAINT recordings_encoding_check CHECK (encoding IN ('pcm', 'alaw', 'ulaw', 'mp3', 'ogg', 'flac', 'gsm', 'unknown'))
);

CREATE INDEX recordings_next_look_at_idx ON recordings (pbx, next_look_at) WHERE next_look_at IS NOT NULL;
COMMENT ON COLUMN recordings.interaction_id IS 'heard as part of its call';
COMMENT ON COLUMN recordings.file IS 'as the PBX named it first';
COMMENT ON COLUMN recordings.name IS 'of the file without its folders: a path and a bare name are one';
COMMENT ON COLUMN recordings.consultation IS 'uniqueids of the phones that consulted each other; null: the client is heard';
COMMENT ON COLUMN recordings.encoding IS 'once the file was seen';
COMMENT ON COLUMN recordings.place IS 'where it was found, below the place that the settings name';
COMMENT ON COLUMN recordings.looks IS 'in vain so far';

CREATE TABLE users (
  id UUID NOT NULL,
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  team_id UUID,
  password_hash TEXT,
  locale TEXT,
  theme TEXT,
  enabled BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_role_check CHECK (role IN ('agent', 'supervisor', 'admin', 'owner')),
  CONSTRAINT users_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL
);

CREATE UNIQUE INDEX users_login_key ON users (lower(login));
COMMENT ON COLUMN users.id IS 'agent ids and user ids are one space';
COMMENT ON COLUMN users.team_id IS 'a team may be dissolved; its people stay';
COMMENT ON COLUMN users.password_hash IS 'Argon2id; null: may use tokens only';

CREATE TABLE agent_states (
  user_id UUID NOT NULL,
  chosen TEXT DEFAULT 'available' NOT NULL,
  reason TEXT,
  phone TEXT,
  phone_interaction_id UUID,
  present BOOLEAN DEFAULT false NOT NULL,
  last_seen_at TIMESTAMP WITH TIME ZONE,
  state TEXT DEFAULT 'offline' NOT NULL,
  since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT agent_states_pkey PRIMARY KEY (user_id),
  CONSTRAINT agent_states_chosen_check CHECK (chosen IN ('available', 'paused', 'offline')),
  CONSTRAINT agent_states_state_check CHECK (state IN ('available', 'ringing', 'talking', 'hold', 'wrap_up', 'paused', 'offline')),
  CONSTRAINT agent_states_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

COMMENT ON COLUMN agent_states.chosen IS 'what the person set';
COMMENT ON COLUMN agent_states.reason IS 'pause reason code, while chosen is paused';
COMMENT ON COLUMN agent_states.phone IS 'what their phone does: ringing talking hold wrap_up; null: nothing';
COMMENT ON COLUMN agent_states.phone_interaction_id IS 'the interaction the phone state is about';
COMMENT ON COLUMN agent_states.state IS 'what others see, from the columns above';

CREATE TABLE api_tokens (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT api_tokens_pkey PRIMARY KEY (id),
  CONSTRAINT api_tokens_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash)
);

COMMENT ON COLUMN api_tokens.user_id IS 'no person, no token';

CREATE TABLE clients (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  language TEXT,
  owner_id UUID,
  service_class TEXT,
  hint TEXT,
  timezone TEXT,
  birthday DATE,
  note TEXT,
  merged_into UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT clients_pkey PRIMARY KEY (id),
  CONSTRAINT clients_owner_id_fkey FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT clients_merged_into_fkey FOREIGN KEY(merged_into) REFERENCES clients (id)
);

CREATE INDEX clients_name_trgm_idx ON clients USING gin (lower(replace(replace(name, 'ё', 'е'), 'Ё', 'Е')) gin_trgm_ops);
CREATE INDEX clients_owner_id_idx ON clients (owner_id);
COMMENT ON COLUMN clients.owner_id IS 'a dismissed manager''s clients stay';
COMMENT ON COLUMN clients.hint IS 'how to treat them, shown with the ring';
COMMENT ON COLUMN clients.merged_into IS 'the survivor of a merge';

CREATE TABLE devices (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  pbx TEXT DEFAULT '' NOT NULL,
  extension TEXT NOT NULL,
  position INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT devices_pkey PRIMARY KEY (id),
  CONSTRAINT devices_pbx_extension_key UNIQUE (pbx, extension),
  CONSTRAINT devices_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX devices_user_id_idx ON devices (user_id);
COMMENT ON COLUMN devices.user_id IS 'a phone belongs to its person';
COMMENT ON COLUMN devices.pbx IS 'name of the PBX; empty: any';
COMMENT ON COLUMN devices.position IS '0 is the one that click-to-call rings';

CREATE TABLE drafts (
  user_id UUID NOT NULL,
  subject TEXT NOT NULL,
  body JSONB NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT drafts_pkey PRIMARY KEY (user_id, subject),
  CONSTRAINT drafts_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

COMMENT ON COLUMN drafts.subject IS '''interaction:…'', ''client:…''';

CREATE TABLE queue_members (
  queue TEXT NOT NULL,
  user_id UUID NOT NULL,
  CONSTRAINT queue_members_pkey PRIMARY KEY (queue, user_id),
  CONSTRAINT queue_members_queue_fkey FOREIGN KEY(queue) REFERENCES queues (name) ON DELETE CASCADE,
  CONSTRAINT queue_members_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);


CREATE TABLE sessions (
  token_hash BYTEA NOT NULL,
  user_id UUID NOT NULL,
  csrf_token TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  user_agent TEXT,
  address TEXT,
  CONSTRAINT sessions_pkey PRIMARY KEY (token_hash),
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the cookie''s value';
COMMENT ON COLUMN sessions.user_id IS 'no person, no session';

CREATE TABLE callbacks (
  id UUID NOT NULL,
  client_id UUID,
  address TEXT,
  lead_id UUID,
  subject TEXT,
  via TEXT DEFAULT 'call' NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  agent_id UUID,
  queue TEXT,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  escalate_at TIMESTAMP WITH TIME ZONE,
  takeover_at TIMESTAMP WITH TIME ZONE,
  claimed_by UUID,
  claimed_until TIMESTAMP WITH TIME ZONE,
  promised_in UUID,
  missed_at TIMESTAMP WITH TIME ZONE,
  why JSONB,
  kept_in UUID,
  closed_at TIMESTAMP WITH TIME ZONE,
  late_s DOUBLE PRECISION,
  late_by TEXT,
  cancel_reason TEXT,
  policy TEXT,
  policies TEXT[] DEFAULT '{}' NOT NULL,
  moves INTEGER DEFAULT 0 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT callbacks_pkey PRIMARY KEY (id),
  CONSTRAINT callbacks_state_check CHECK (state IN ('open', 'claimed', 'kept', 'cancelled')),
  CONSTRAINT callbacks_late_by_check CHECK (late_by IN ('agent', 'system')),
  CONSTRAINT callbacks_to_somebody_check CHECK (client_id IS NOT NULL OR address IS NOT NULL),
  CONSTRAINT callbacks_by_somebody_check CHECK (agent_id IS NOT NULL OR queue IS NOT NULL),
  CONSTRAINT callbacks_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id),
  CONSTRAINT callbacks_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES users (id)
);

CREATE INDEX callbacks_agent_id_due_at_idx ON callbacks (agent_id, due_at);
CREATE INDEX callbacks_client_id_idx ON callbacks (client_id);
CREATE INDEX callbacks_escalate_at_idx ON callbacks (escalate_at) WHERE state IN ('open', 'claimed');
CREATE INDEX callbacks_promised_in_idx ON callbacks (promised_in);
CREATE INDEX callbacks_address_idx ON callbacks (address) WHERE client_id IS NULL;
CREATE INDEX callbacks_queue_due_at_idx ON callbacks (queue, due_at) WHERE queue IS NOT NULL;
COMMENT ON COLUMN callbacks.client_id IS 'a promise is never lost with a client';
COMMENT ON COLUMN callbacks.address IS 'the number of a caller who is nobody''s client yet';
COMMENT ON COLUMN callbacks.agent_id IS 'who owes it; null: whoever of the queue takes it first';
COMMENT ON COLUMN callbacks.queue IS 'the queue it was given to';
COMMENT ON COLUMN callbacks.missed_at IS 'the end of the last missed call it stands for; null: it was promised by a person';
COMMENT ON COLUMN callbacks.why IS 'the rule that made it, in words: {"ru": …, "en": …}';
COMMENT ON COLUMN callbacks.claimed_by IS 'who said: I am calling now';

CREATE TABLE client_merges (
  id UUID NOT NULL,
  survivor_id UUID NOT NULL,
  merged_id UUID NOT NULL,
  moved JSONB NOT NULL,
  by UUID,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  undone_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT client_merges_pkey PRIMARY KEY (id),
  CONSTRAINT client_merges_survivor_id_fkey FOREIGN KEY(survivor_id) REFERENCES clients (id) ON DELETE CASCADE,
  CONSTRAINT client_merges_merged_id_fkey FOREIGN KEY(merged_id) REFERENCES clients (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX client_merges_merged_id_key ON client_merges (merged_id) WHERE undone_at IS NULL;
CREATE INDEX client_merges_survivor_id_idx ON client_merges (survivor_id);
COMMENT ON COLUMN client_merges.survivor_id IS 'no undo without both';
COMMENT ON COLUMN client_merges.merged_id IS 'no undo without both';
COMMENT ON COLUMN client_merges.moved IS 'ids by table, and the survivor''s fields that were filled';

CREATE TABLE client_relations (
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  related_client_id UUID,
  name TEXT NOT NULL,
  relation TEXT NOT NULL,
  birth_date DATE,
  note TEXT,
  CONSTRAINT client_relations_pkey PRIMARY KEY (id),
  CONSTRAINT client_relations_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
  CONSTRAINT client_relations_related_client_id_fkey FOREIGN KEY(related_client_id) REFERENCES clients (id) ON DELETE SET NULL
);

CREATE INDEX client_relations_client_id_idx ON client_relations (client_id);
COMMENT ON COLUMN client_relations.client_id IS 'whose family it is';
COMMENT ON COLUMN client_relations.related_client_id IS 'when they are a client as well';
COMMENT ON COLUMN client_relations.relation IS 'wife husband son daughter mother father companion …';

CREATE TABLE contact_points (
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  typed TEXT NOT NULL,
  label TEXT,
  verified BOOLEAN DEFAULT false NOT NULL,
  position INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT contact_points_pkey PRIMARY KEY (id),
  CONSTRAINT contact_points_client_id_kind_value_key UNIQUE (client_id, kind, value),
  CONSTRAINT contact_points_kind_check CHECK (kind IN ('phone', 'email', 'telegram', 'webchat')),
  CONSTRAINT contact_points_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);

CREATE INDEX contact_points_address_idx ON contact_points (value text_pattern_ops) WHERE kind = 'email';
CREATE INDEX contact_points_kind_value_idx ON contact_points (kind, value);
CREATE INDEX contact_points_phone_trgm_idx ON contact_points USING gin (value gin_trgm_ops) WHERE kind = 'phone';
CREATE INDEX contact_points_phone_tail_idx ON contact_points (reverse(value) text_pattern_ops) WHERE kind = 'phone';
COMMENT ON COLUMN contact_points.client_id IS 'no client, no address';
COMMENT ON COLUMN contact_points.value IS 'E.164, lower-case address or account id';
COMMENT ON COLUMN contact_points.typed IS 'as a person wrote it';

CREATE TABLE deals (
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  owner_id UUID,
  title TEXT NOT NULL,
  stage TEXT NOT NULL,
  amount NUMERIC(14, 2),
  currency TEXT,
  next_step TEXT,
  due_on DATE,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT deals_pkey PRIMARY KEY (id),
  CONSTRAINT deals_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
  CONSTRAINT deals_owner_id_fkey FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX deals_client_id_idx ON deals (client_id);
COMMENT ON COLUMN deals.client_id IS 'who would buy';
COMMENT ON COLUMN deals.owner_id IS 'a dismissed manager''s deals stay';

CREATE TABLE trips (
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  title TEXT NOT NULL,
  destination TEXT NOT NULL,
  hotel TEXT,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  adults INTEGER DEFAULT 1 NOT NULL,
  children INTEGER DEFAULT 0 NOT NULL,
  timezone TEXT,
  return_flight_at TIMESTAMP WITH TIME ZONE,
  transfer_ordered BOOLEAN,
  note TEXT,
  CONSTRAINT trips_pkey PRIMARY KEY (id),
  CONSTRAINT trips_dates_check CHECK (ends_on >= starts_on),
  CONSTRAINT trips_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);

CREATE INDEX trips_client_id_idx ON trips (client_id, starts_on);
COMMENT ON COLUMN trips.client_id IS 'the one who ordered it';

CREATE TABLE callback_tries (
  interaction_id UUID NOT NULL,
  callback_id UUID NOT NULL,
  CONSTRAINT callback_tries_pkey PRIMARY KEY (interaction_id),
  CONSTRAINT callback_tries_callback_id_fkey FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE
);

CREATE INDEX callback_tries_callback_id_idx ON callback_tries (callback_id);
COMMENT ON COLUMN callback_tries.interaction_id IS 'a missed call';
COMMENT ON COLUMN callback_tries.callback_id IS 'the promise that answers for it';

CREATE TABLE callback_history (
  id UUID NOT NULL,
  callback_id UUID NOT NULL,
  agent_id UUID,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  to_at TIMESTAMP WITH TIME ZONE,
  reason TEXT NOT NULL,
  explanation TEXT NOT NULL,
  by UUID,
  CONSTRAINT callback_history_pkey PRIMARY KEY (id),
  CONSTRAINT callback_history_reason_check CHECK (reason IN ('promised', 'given', 'late', 'taken_over', 'absence', 'moved', 'undone')),
  CONSTRAINT callback_history_callback_id_fkey FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE,
  CONSTRAINT callback_history_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES users (id)
);

CREATE INDEX callback_history_callback_id_idx ON callback_history (callback_id, from_at);
COMMENT ON COLUMN callback_history.callback_id IS 'its story';
COMMENT ON COLUMN callback_history.agent_id IS 'who owed it in this time; null: its queue';
COMMENT ON COLUMN callback_history.by IS 'who decided; null: the system';

INSERT INTO outbox_counter (last_seq) VALUES (0);
