/** Written contacts on the wire. Everything a stranger can write is a plain text here, never markup. */
import type { Client, ContactKind, Interaction, Labels } from './types'

export type WrittenChannel = 'email' | 'telegram' | 'webchat'
export type InboxState = 'open' | 'waiting' | 'snoozed' | 'closed'
export type MessageState = 'received' | 'pending' | 'sent' | 'delivered' | 'read' | 'bounced' | 'failed' | 'uncertain'

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
  subject: string | null
  text: string
  /** Without what it quotes, and the signature. */
  own_text: string
  /** Sanitised; shown only in a frame without scripts, which reads it by itself. */
  html: string | null
  attachments: Attachment[]
  answers: string | null
  /** Nobody wrote it. */
  automatic: boolean
  at: string
  sent_at: string | null
  delivered_at: string | null
  read_at: string | null
  edited_at: string | null
  /** Why it was not sent, as the other side says it. */
  trouble: string | null
  version: number
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
  last_at: string
  last_excerpt: string
  last_direction: 'inbound' | 'outbound' | 'internal'
  /** These three only of one that was asked for by itself. */
  messages: Message[]
  history: Turn[]
  visit: Visit | null
}

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

const WRITTEN: ReadonlySet<string> = new Set<WrittenChannel>(['email', 'telegram', 'webchat'])

export const isConversation = (interaction: Interaction): interaction is Conversation =>
  WRITTEN.has(interaction.channel) && 'inbox_state' in interaction
