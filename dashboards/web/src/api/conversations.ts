/** Written contacts on the wire. Everything a stranger can write is a plain text here, never markup. */
import type { Client, ContactKind, Interaction, Labels } from './types'

export type WrittenChannel = 'email' | 'telegram' | 'webchat' | 'webform'
export type InboxState = 'open' | 'waiting' | 'snoozed' | 'closed'
export type MessageState = 'received' | 'pending' | 'sent' | 'delivered' | 'read' | 'bounced' | 'failed' | 'uncertain'

export type MarkKind = 'bold' | 'italic' | 'underline' | 'strikethrough' | 'code' | 'pre' | 'quote' | 'spoiler' | 'link'

export interface TextMark {
  kind: MarkKind
  /** In UTF-16 units, as strings count here. */
  offset: number
  length: number
  address: string | null
}

/** Why one of ours has not left. */
export type Trouble =
  | 'postponed'
  | 'given_up'
  | 'refused'
  | 'bounced'
  | 'no_answer'
  | 'interrupted'
  | 'partly'
  | 'no_address'
  | 'automatic'
  | 'blocked'
  | 'account_gone'
  | 'put_out'
  | 'no_rights'
  | 'no_chat'
  | 'too_big'
  | 'empty'

export interface Attachment {
  id: string
  name: string
  type: string
  size: number
  /** The text of a mail shows it in its place. */
  inline_id: string | null
}

export interface Message {
  id: string
  interaction_id: string
  external_id: string
  /** A note is for colleagues and never leaves the house. */
  kind: 'message' | 'note'
  direction: 'inbound' | 'outbound' | 'internal'
  state: MessageState
  author_id: string | null
  author_name: string | null
  from: string | null
  from_name: string | null
  to: string[]
  cc: string[]
  /** Where a mail asks to be answered. */
  reply_to: string[]
  subject: string | null
  text: string
  /** Without what it quotes, and the signature. */
  own_text: string
  /** Sanitised; shown only in a frame without scripts, which reads it by itself. */
  html: string | null
  /** Parts of `text` that are more than text; a stranger chose them. */
  marks: TextMark[] | null
  attachments: Attachment[]
  answers: string | null
  /** Nobody wrote it. */
  automatic: boolean
  /** It went to whoever asked in a group alone. */
  privately: boolean
  at: string
  sent_at: string | null
  delivered_at: string | null
  read_at: string | null
  /** The picture in a mail of ours was first loaded: by a person, or by their mail server. */
  opened_at: string | null
  edited_at: string | null
  /** Its writer took it back, where they see it. */
  deleted_at: string | null
  /** Why it was not sent; `trouble` is the same as the other side says it. */
  trouble_code: Trouble | null
  trouble: string | null
  /** Whom a mail did not reach; `words` are their server's. */
  bounces: { address: string | null; words: string }[]
  version: number
}

/** Mail addresses an answer goes to; `others` got the mail as well. */
export interface AnswerRecipients {
  to: string[]
  /** Where From and Reply-To differ: the other one. */
  instead: string[]
  others: string[]
}

export interface Conversation extends Interaction {
  channel: WrittenChannel
  inbox_state: InboxState
  /** Our mailbox, bot or site. */
  source: string
  subject: string | null
  snoozed_until: string | null
  participants: string[]
  /** The one it goes on from. */
  follows: string | null
  /** Somebody else's, which it named. */
  refers_to: string | null
  /** Of the link they came by; a stranger's words. */
  tag: string | null
  /** The client has called for the hotline. */
  urgent: boolean
  unread: number
  /** The oldest message of the client that nobody has answered. */
  waiting_since: string | null
  /** Until when they are to be answered; null while no clock runs. */
  answer_due_at: string | null
  answer_late: boolean
  /** Since when nobody could be found for it. */
  nobody_since: string | null
  trip_id: string | null
  trip_title: string | null
  deal_id: string | null
  deal_title: string | null
  /** What a form has become. */
  lead_id: string | null
  /** The group it is asked in, and whether the bot may write to whoever asks alone. */
  group: { title: string; reaches_privately: boolean } | null
  /** Nothing of ours reaches this chat since then. */
  unreachable_at: string | null
  last_at: string
  last_excerpt: string
  last_direction: 'inbound' | 'outbound' | 'internal'
  /** All that follows only of one that was asked for by itself. */
  messages: Message[]
  /** Where to read on from `messages`; null at an end. */
  older: string | null
  newer: string | null
  history: Turn[]
  visit: Visit | null
}

/** A piece of what was said in a conversation, the oldest first. */
export interface Piece {
  items: Message[]
  older: string | null
  newer: string | null
}

/** A part of the inbox as one has it. */
export type InboxView = 'mine' | 'unassigned' | 'snoozed' | 'urgent' | 'mentioned' | 'waiting' | 'closed' | 'all'

/** How many each part holds; counting stops at one more than `most`. */
export type InboxCounts = Record<Exclude<InboxView, 'closed'> | 'most', number>

/** Where the visitor of a web chat wrote last, and what brought them: a stranger's words. */
export interface Visit {
  page: string | null
  title: string | null
  referrer: string | null
  tags: Record<string, string>
}

/** A time in which somebody had it; null: its queue. */
export interface Turn {
  agent_id: string | null
  agent_name: string | null
  from: string
  to: string | null
  words: Labels
  by: string | null
}

/** Somebody writes at this moment, or has stopped; without `agent_id` it is the client. */
export interface Writing {
  interaction_id: string
  agent_id: string | null
  name: string | null
  is_writing: boolean
  at: string
}

/** `text` by language, with places for what is known of the client; `team_id` null: everybody's. */
export interface CannedAnswer {
  id: string
  shortcut: string
  title: string
  text: Partial<Labels>
  team_id: string | null
  team_name: string | null
  version: number
}

/** Somebody who may be meant, and by what. */
export interface Suggestion {
  client: Client
  reasons: (ContactKind | 'name')[]
}

/** A piece of what was said; `hit`: it is what was looked for. */
export interface Passage {
  text: string
  hit: boolean
}

export interface Found {
  message_id: string
  interaction_id: string
  channel: WrittenChannel
  client_id: string | null
  client_name: string | null
  agent_id: string | null
  direction: Message['direction']
  author_name: string | null
  from_name: string | null
  subject: string | null
  at: string
  passages: Passage[]
}

/** What a merge of `other` into `survivor` would do. */
export interface MergePreview {
  survivor: Client
  other: Client
  /** How many of each kind would become the survivor's. */
  moves: Record<string, number>
  /** What the survivor does not know of itself and would take over. */
  fills: string[]
  differs: { field: string; stays: string; goes: string }[]
}

/** A card that is part of another one, and what would come apart again. */
export interface ClientMerge {
  client_id: string
  name: string | null
  at: string
  by_name: string | null
  moves: Record<string, number>
  fills: string[]
  /** The card that must come apart before it. */
  undo_first: string | null
}

const WRITTEN: ReadonlySet<string> = new Set<WrittenChannel>(['email', 'telegram', 'webchat', 'webform'])

export const isConversation = (interaction: Interaction): interaction is Conversation =>
  WRITTEN.has(interaction.channel) && 'inbox_state' in interaction
