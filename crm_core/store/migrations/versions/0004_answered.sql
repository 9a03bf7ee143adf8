-- To whom else a mail went and where its answers are wanted; which mails of ours still lack their copy in "Sent".

ALTER TABLE messages ADD COLUMN cc_addresses TEXT[] DEFAULT '{}' NOT NULL;
ALTER TABLE messages ADD COLUMN reply_to TEXT[] DEFAULT '{}' NOT NULL;
COMMENT ON COLUMN messages.reply_to IS 'where a mail asks to be answered; a stranger''s word';

CREATE TABLE sent_copies (
  message_id UUID NOT NULL,
  source TEXT NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT sent_copies_pkey PRIMARY KEY (message_id),
  CONSTRAINT sent_copies_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
);

CREATE INDEX sent_copies_next_at_idx ON sent_copies (source, next_at);
COMMENT ON COLUMN sent_copies.message_id IS 'gone when its copy lies in the folder';
COMMENT ON COLUMN sent_copies.source IS 'name of the mailbox';

-- Codes that bind a group to its trip, messages that leave in parts, and why one did not leave, as a code.

ALTER TABLE channel_links ADD COLUMN address TEXT;

ALTER TABLE messages ADD COLUMN trouble_code TEXT;
ALTER TABLE messages ADD COLUMN marks JSONB;

ALTER TABLE outgoing ADD COLUMN parts_said INTEGER DEFAULT 0 NOT NULL;

CREATE TABLE telegram_trip_codes (
  code TEXT NOT NULL,
  trip_id UUID NOT NULL,
  made_by UUID NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  used_in TEXT,
  CONSTRAINT telegram_trip_codes_pkey PRIMARY KEY (code),
  CONSTRAINT telegram_trip_codes_trip_id_fkey FOREIGN KEY(trip_id) REFERENCES trips (id) ON DELETE CASCADE,
  CONSTRAINT telegram_trip_codes_made_by_fkey FOREIGN KEY(made_by) REFERENCES users (id)
);

CREATE INDEX telegram_trip_codes_trip_id_idx ON telegram_trip_codes (trip_id);
CREATE INDEX telegram_trip_codes_expires_at_idx ON telegram_trip_codes (expires_at);

CREATE INDEX trips_ends_on_idx ON trips (ends_on);

COMMENT ON COLUMN channel_links.address IS 'what clients know it by, as it told us last: @bot';
COMMENT ON COLUMN messages.trouble_code IS 'why it was not sent';
COMMENT ON COLUMN messages.trouble IS 'the same as the other side says it';
COMMENT ON COLUMN messages.marks IS 'parts of the text that are more: [{kind, offset, length, address}, …]';
COMMENT ON COLUMN outgoing.parts_said IS 'of one that leaves in several: these are out, and are never said again';
COMMENT ON COLUMN telegram_trip_codes.code IS 'typed in a group once; whoever knows it may bind one';
COMMENT ON COLUMN telegram_trip_codes.trip_id IS 'worth nothing without it';
COMMENT ON COLUMN telegram_trip_codes.used_in IS 'the bot and the group in which it was typed';

-- What was closed last, without reading all that ever was.

CREATE INDEX conversations_last_at_idx ON conversations (last_at, interaction_id);

-- What a search reads of a message is kept beside it: a phrase is looked for without reading the texts anew. Of a very
-- long one its beginning: PostgreSQL keeps no more than a megabyte of words.

DROP INDEX messages_search_idx;

CREATE OR REPLACE FUNCTION words_said(subject TEXT, body TEXT) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
  AS $$ BEGIN RETURN
    to_tsvector('pg_catalog.russian', translate(left(COALESCE(subject || ' ', '') || body, 100000), 'ёЁ', 'еЕ')); END $$;

ALTER TABLE messages ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (words_said(subject, body)) STORED;

CREATE INDEX messages_search_idx ON messages USING gin (words);

COMMENT ON COLUMN messages.words IS 'what a search reads of it';

-- A form stands in the log as well; whoever left it is found by their mail address, too.

ALTER TABLE conversations DROP CONSTRAINT conversations_channel_check;
ALTER TABLE conversations ADD CONSTRAINT conversations_channel_check CHECK (channel IN ('email', 'telegram', 'webchat', 'webform'));
COMMENT ON COLUMN leads.interaction_id IS 'the contact it was born in, or the form left last';
CREATE INDEX leads_interaction_id_idx ON leads (interaction_id) WHERE interaction_id IS NOT NULL;
CREATE INDEX leads_email_idx ON leads (email) WHERE email IS NOT NULL;

-- A conversation is read a piece at a time, in the order in which it was written.

CREATE INDEX messages_interaction_id_at_id_idx ON messages (interaction_id, at, id);

-- Mails carry a picture that tells of their opening, where the company wants that.

ALTER TABLE messages ADD COLUMN opened_at TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN messages.opened_at IS 'its picture was loaded for the first time; by whom, nobody knows';

-- Of a mail to many, whom it did not reach.

ALTER TABLE messages ADD COLUMN bounces JSONB;
COMMENT ON COLUMN messages.bounces IS 'whom a mail of ours did not reach: [{address, words}, …]';

-- Which answers to a question from a group went to its asker alone; of those that have left already nobody knows.

ALTER TABLE messages ADD COLUMN privately BOOLEAN DEFAULT false NOT NULL;
COMMENT ON COLUMN messages.privately IS 'to whoever asked in a group alone';
UPDATE messages SET privately = true
FROM outgoing waiting
WHERE waiting.message_id = messages.id AND waiting.extras @> '{"privately": true}';
