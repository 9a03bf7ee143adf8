-- Promises that are kept: the watchdog's moments, working hours, who is given what, leads.

CREATE TABLE calendars (
  id UUID NOT NULL,
  name TEXT NOT NULL,
  zone TEXT NOT NULL,
  country TEXT,
  week JSONB NOT NULL,
  days JSONB DEFAULT '{}' NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT calendars_pkey PRIMARY KEY (id),
  CONSTRAINT calendars_name_key UNIQUE (name)
);

COMMENT ON COLUMN calendars.zone IS 'IANA name';
COMMENT ON COLUMN calendars.country IS 'its public holidays are closed; null: none are';
COMMENT ON COLUMN calendars.week IS 'Monday to Sunday: [[["09:00", "18:00"]], …]';
COMMENT ON COLUMN calendars.days IS 'days of their own: {"2026-12-31": []}';

CREATE TABLE agent_state_log (
  user_id UUID NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  present BOOLEAN DEFAULT false NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT agent_state_log_pkey PRIMARY KEY (user_id, version),
  CONSTRAINT agent_state_log_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX agent_state_log_user_id_at_idx ON agent_state_log (user_id, at);
COMMENT ON COLUMN agent_state_log.version IS 'of the person''s state';

CREATE TABLE absences (
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  kind TEXT NOT NULL,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  to_at TIMESTAMP WITH TIME ZONE,
  note TEXT,
  by UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT absences_pkey PRIMARY KEY (id),
  CONSTRAINT absences_kind_check CHECK (kind IN ('vacation', 'sick', 'training', 'other')),
  CONSTRAINT absences_order_check CHECK (to_at IS NULL OR to_at > from_at),
  CONSTRAINT absences_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX absences_user_id_from_at_idx ON absences (user_id, from_at);
COMMENT ON COLUMN absences.user_id IS 'who is away';
COMMENT ON COLUMN absences.to_at IS 'null: nobody knows yet';
COMMENT ON COLUMN absences.by IS 'who wrote it down';

CREATE TABLE agent_turns (
  user_id UUID NOT NULL,
  last_at TIMESTAMP WITH TIME ZONE NOT NULL,
  lately TIMESTAMP WITH TIME ZONE[] DEFAULT '{}' NOT NULL,
  CONSTRAINT agent_turns_pkey PRIMARY KEY (user_id),
  CONSTRAINT agent_turns_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

COMMENT ON COLUMN agent_turns.lately IS 'when the engine gave them something, within the last hour';

CREATE TABLE lead_sources (
  code TEXT NOT NULL,
  titles JSONB NOT NULL,
  site_key TEXT,
  team_id UUID,
  skills TEXT[] DEFAULT '{}' NOT NULL,
  accept_within_s INTEGER,
  max_moves INTEGER DEFAULT 5 NOT NULL,
  enabled BOOLEAN DEFAULT true NOT NULL,
  position INTEGER DEFAULT 0 NOT NULL,
  form_secret UUID DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT lead_sources_pkey PRIMARY KEY (code),
  CONSTRAINT lead_sources_site_key_key UNIQUE (site_key),
  CONSTRAINT lead_sources_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL
);

COMMENT ON COLUMN lead_sources.titles IS '{"ru": …, "en": …}';
COMMENT ON COLUMN lead_sources.site_key IS 'of a public form; null: it has none';
COMMENT ON COLUMN lead_sources.team_id IS 'who its leads are given to';
COMMENT ON COLUMN lead_sources.skills IS 'asked of whoever gets one';
COMMENT ON COLUMN lead_sources.accept_within_s IS 'null: as the team has it';
COMMENT ON COLUMN lead_sources.max_moves IS 'then it is the supervisor''s';
COMMENT ON COLUMN lead_sources.form_secret IS 'signs the forms we serve';

CREATE TABLE form_tokens (
  nonce UUID NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT form_tokens_pkey PRIMARY KEY (nonce)
);

CREATE INDEX form_tokens_used_at_idx ON form_tokens (used_at);
COMMENT ON COLUMN form_tokens.nonce IS 'of a served form that was left: it is left once';

CREATE TABLE leads (
  id UUID NOT NULL,
  client_id UUID,
  name TEXT,
  address TEXT,
  email TEXT,
  source TEXT NOT NULL,
  campaign JSONB DEFAULT '{}' NOT NULL,
  subject TEXT,
  note TEXT,
  language TEXT,
  destination TEXT,
  skills TEXT[] DEFAULT '{}' NOT NULL,
  stage TEXT DEFAULT 'new' NOT NULL,
  team_id UUID,
  owner_id UUID,
  interaction_id UUID,
  repeats INTEGER DEFAULT 0 NOT NULL,
  accept_by TIMESTAMP WITH TIME ZONE,
  accepted_at TIMESTAMP WITH TIME ZONE,
  moves INTEGER DEFAULT 0 NOT NULL,
  told TEXT[] DEFAULT '{}' NOT NULL,
  nobody_since TIMESTAMP WITH TIME ZONE,
  next_at TIMESTAMP WITH TIME ZONE,
  lost_reason TEXT,
  closed_at TIMESTAMP WITH TIME ZONE,
  created_by UUID,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT leads_pkey PRIMARY KEY (id),
  CONSTRAINT leads_stage_check CHECK (stage IN ('new', 'in_work', 'offer', 'won', 'lost')),
  CONSTRAINT leads_client_id_fkey FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE SET NULL,
  CONSTRAINT leads_team_id_fkey FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE SET NULL,
  CONSTRAINT leads_owner_id_fkey FOREIGN KEY(owner_id) REFERENCES users (id)
);

CREATE INDEX leads_address_idx ON leads (address);
CREATE INDEX leads_client_id_idx ON leads (client_id);
CREATE INDEX leads_load_idx ON leads (owner_id, client_id) WHERE closed_at IS NULL;
CREATE INDEX leads_next_at_idx ON leads (next_at) WHERE closed_at IS NULL AND next_at IS NOT NULL;
CREATE INDEX leads_nobody_idx ON leads (nobody_since) WHERE closed_at IS NULL AND nobody_since IS NOT NULL;
COMMENT ON COLUMN leads.client_id IS 'null: nobody''s client yet';
COMMENT ON COLUMN leads.name IS 'as the person called themselves';
COMMENT ON COLUMN leads.address IS 'E.164 number or lower-case address';
COMMENT ON COLUMN leads.email IS 'beside the number';
COMMENT ON COLUMN leads.campaign IS 'page, referrer, tags it came with';
COMMENT ON COLUMN leads.subject IS 'what they want';
COMMENT ON COLUMN leads.owner_id IS 'null: it waits for somebody';
COMMENT ON COLUMN leads.interaction_id IS 'the contact it was born in';
COMMENT ON COLUMN leads.repeats IS 'how often it was left again';
COMMENT ON COLUMN leads.told IS 'what the supervisor was told';
COMMENT ON COLUMN leads.nobody_since IS 'it should have been given out, and nobody was eligible';
COMMENT ON COLUMN leads.next_at IS 'when the watchdog looks at it next';

CREATE TABLE lead_history (
  id UUID NOT NULL,
  lead_id UUID NOT NULL,
  agent_id UUID,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  to_at TIMESTAMP WITH TIME ZONE,
  reason TEXT NOT NULL,
  explanation TEXT NOT NULL,
  words JSONB,
  record JSONB,
  by UUID,
  CONSTRAINT lead_history_pkey PRIMARY KEY (id),
  CONSTRAINT lead_history_reason_check CHECK (reason IN ('created', 'given', 'not_accepted', 'taken', 'moved', 'released', 'absence', 'undone')),
  CONSTRAINT lead_history_lead_id_fkey FOREIGN KEY(lead_id) REFERENCES leads (id) ON DELETE CASCADE,
  CONSTRAINT lead_history_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES users (id)
);

CREATE INDEX lead_history_lead_id_idx ON lead_history (lead_id, from_at);
COMMENT ON COLUMN lead_history.lead_id IS 'its story';
COMMENT ON COLUMN lead_history.agent_id IS 'who had it in this time; null: nobody yet';
COMMENT ON COLUMN lead_history.words IS 'the explanation in both languages: {"ru": …, "en": …}; null: a person''s words';
COMMENT ON COLUMN lead_history.record IS 'everything it was decided by; see crm_core.domain.explanations';
COMMENT ON COLUMN lead_history.by IS 'who decided; null: the system';

CREATE TABLE rosters (
  id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  people JSONB NOT NULL,
  verdicts JSONB NOT NULL,
  CONSTRAINT rosters_pkey PRIMARY KEY (id)
);

COMMENT ON COLUMN rosters.people IS 'who was asked in one batch of the watchdog, as they were then';
COMMENT ON COLUMN rosters.verdicts IS 'how they stood to what was given out, each distinct answer once; see crm_core.domain.rosters';

CREATE TABLE system_heartbeat (
  id BOOLEAN DEFAULT true NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT system_heartbeat_pkey PRIMARY KEY (id),
  CONSTRAINT system_heartbeat_single_check CHECK (id)
);

ALTER TABLE teams ADD COLUMN calendar_id UUID REFERENCES calendars (id) ON DELETE SET NULL;
ALTER TABLE teams ADD COLUMN strategy TEXT DEFAULT 'team' NOT NULL;
ALTER TABLE teams ADD COLUMN load_cap INTEGER DEFAULT 60 NOT NULL;
ALTER TABLE teams ADD COLUMN load_warning INTEGER DEFAULT 50 NOT NULL;
ALTER TABLE teams ADD COLUMN hourly_cap INTEGER DEFAULT 10 NOT NULL;
ALTER TABLE teams ADD COLUMN long_pause_s INTEGER DEFAULT 600 NOT NULL;
ALTER TABLE teams ADD COLUMN accept_within_s INTEGER DEFAULT 300 NOT NULL;
ALTER TABLE teams ADD COLUMN version INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE teams ADD CONSTRAINT teams_strategy_check CHECK (strategy IN ('least_loaded', 'round_robin', 'best_fit', 'team'));
COMMENT ON COLUMN teams.calendar_id IS 'its working hours; null: always';
COMMENT ON COLUMN teams.strategy IS 'who is preferred when its promises and leads are given out';
COMMENT ON COLUMN teams.load_cap IS 'active clients of one person';
COMMENT ON COLUMN teams.hourly_cap IS 'given to one person in any hour';
COMMENT ON COLUMN teams.long_pause_s IS 'who pauses longer gets nothing';
COMMENT ON COLUMN teams.accept_within_s IS 'a lead that was not accepted in this time goes on to the next';

ALTER TABLE users ADD COLUMN calendar_id UUID REFERENCES calendars (id) ON DELETE SET NULL;
ALTER TABLE users ADD COLUMN skills TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE users ADD COLUMN languages TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE users ADD COLUMN takes_work BOOLEAN DEFAULT true NOT NULL;
COMMENT ON COLUMN users.calendar_id IS 'own hours; null: the team''s';
COMMENT ON COLUMN users.skills IS 'destinations and other skills';
COMMENT ON COLUMN users.languages IS 'none: not asked yet';

ALTER TABLE clients ADD COLUMN blocked_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE clients ADD COLUMN blocked_reason TEXT;
COMMENT ON COLUMN clients.blocked_at IS 'since then nobody contacts them';

ALTER TABLE callbacks ADD COLUMN policy_versions INTEGER[] DEFAULT '{}' NOT NULL;
ALTER TABLE callbacks ADD COLUMN grace_from TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN forgiven_s DOUBLE PRECISION DEFAULT 0 NOT NULL;
ALTER TABLE callbacks ADD COLUMN warn_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN warned_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN notify_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN told TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE callbacks ADD COLUMN unlocked_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN nobody_since TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN stuck JSONB;
ALTER TABLE callbacks ADD COLUMN claimed_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE callbacks ADD COLUMN next_at TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN callbacks.policy_versions IS 'of the policies, in their order: a promise lives under those of the day it was made';
COMMENT ON COLUMN callbacks.grace_from IS 'from when its present owner is late';
COMMENT ON COLUMN callbacks.forgiven_s IS 'of gaps, already in escalate_at';
COMMENT ON COLUMN callbacks.told IS 'what the supervisor was told';
COMMENT ON COLUMN callbacks.unlocked_at IS 'when the supervisor''s right began';
COMMENT ON COLUMN callbacks.nobody_since IS 'it should have moved, and nobody was eligible';
COMMENT ON COLUMN callbacks.stuck IS 'why nobody could take it at the last look: {words, reasons}';
COMMENT ON COLUMN callbacks.next_at IS 'when the watchdog looks at it next; null: never by itself';

ALTER TABLE callback_policies ADD COLUMN by UUID;
COMMENT ON COLUMN callback_policies.by IS 'who made this version; null: it was shipped';

ALTER TABLE callback_history ADD COLUMN words JSONB;
ALTER TABLE callback_history ADD COLUMN record JSONB;
ALTER TABLE callback_history ADD COLUMN roster_id UUID REFERENCES rosters (id);
COMMENT ON COLUMN callback_history.words IS 'the explanation in both languages: {"ru": …, "en": …}; null: a person''s words';
COMMENT ON COLUMN callback_history.record IS 'everything it was decided by; see crm_core.domain.explanations';
COMMENT ON COLUMN callback_history.roster_id IS 'who was asked; the record names its verdicts by number';

CREATE INDEX callbacks_lead_id_idx ON callbacks (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX callbacks_load_idx ON callbacks (agent_id, client_id, address) WHERE state IN ('open', 'claimed');
CREATE INDEX callbacks_next_at_idx ON callbacks (next_at) WHERE state IN ('open', 'claimed') AND next_at IS NOT NULL;
CREATE INDEX callbacks_nobody_idx ON callbacks (nobody_since) WHERE state IN ('open', 'claimed') AND nobody_since IS NOT NULL;

DROP INDEX callbacks_escalate_at_idx;

-- Nobody watched the promises made so far: what is late already gets its whole grace from now on.
UPDATE callbacks
SET grace_from = GREATEST(due_at, CASE WHEN escalate_at <= now() THEN now() ELSE due_at END),
    escalate_at = CASE WHEN escalate_at <= now() THEN now() + (escalate_at - due_at) ELSE escalate_at END,
    claimed_at = claimed_until - interval '120 seconds',
    policy_versions = ARRAY(
        SELECT (SELECT COALESCE(max(made.version) FILTER (WHERE made.created_at <= callbacks.created_at), min(made.version), 1)
                FROM callback_policies made WHERE made.name = policy.name)
        FROM unnest(policies) WITH ORDINALITY AS policy (name, position)
        ORDER BY policy.position);

UPDATE callbacks
SET next_at = LEAST(escalate_at, takeover_at)
WHERE state IN ('open', 'claimed');

-- Nobody has ever watched, so the first who does has missed nothing.
INSERT INTO system_heartbeat (at) VALUES ('-infinity');

-- Who leads others is given nothing unless somebody says so.
UPDATE users
SET takes_work = role = 'agent';

-- The log of states begins with what everybody is now.
INSERT INTO agent_state_log (user_id, version, state, present, at)
SELECT user_id, version, state, present, since
FROM agent_states;
