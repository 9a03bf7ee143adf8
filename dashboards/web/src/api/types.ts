/** The wire, as the server writes it. Times are RFC 3339 strings, durations seconds. */
import type { Conversation, Message } from './conversations'
import type { Lead } from './leads'

export type Role = 'agent' | 'supervisor' | 'admin' | 'owner'
export type Locale = 'ru' | 'en'
export type Theme = 'light' | 'dark' | 'auto'
export type Labels = Record<Locale, string>

export interface DemoLogin {
  login: string
  password: string
  name: string
  role: Role
}

export interface Meta {
  version: string
  locale: Locale
  timezone: string
  country: string
  demo: boolean
  demo_logins?: DemoLogin[]
}

export interface User {
  id: string
  login: string
  name: string
  role: Role
  extension: string | null
  locale: Locale | null
  theme: Theme | null
  team: Team | null
}

export interface SessionBody {
  user: User
  csrf_token: string
}

export type AgentState = 'available' | 'ringing' | 'talking' | 'hold' | 'wrap_up' | 'paused' | 'offline'
export type SettableState = 'available' | 'paused' | 'offline'

export interface Agent {
  id: string
  name: string
  login: string
  extension: string | null
  role: Role
  state: AgentState
  reason: string | null
  since: string | null
  present: boolean
  version: number
}

export type Channel = 'call' | 'email' | 'telegram' | 'webchat' | 'webform' | 'meeting'
export type Direction = 'inbound' | 'outbound' | 'internal'
export type InteractionState = 'offered' | 'queued' | 'active' | 'wrap_up' | 'closed'
export type Outcome =
  | 'answered'
  | 'voicemail'
  | 'short_abandoned'
  | 'abandoned'
  | 'busy'
  | 'no_answer'
  | 'failed'
  | 'unanswered'
export type LegResult =
  | 'answered'
  | 'no_answer'
  | 'busy'
  | 'declined'
  | 'answered_elsewhere'
  | 'cancelled'
  | 'failed'
export type LegRole =
  | 'queue'
  | 'direct'
  | 'transfer_blind'
  | 'transfer_attended'
  | 'consult'
  | 'originate'

export interface Leg {
  id: string
  agent_id: string | null
  agent_name: string | null
  interface: string
  role: LegRole
  offered_at: string
  answered_at: string | null
  ended_at: string | null
  result: LegResult | null
  /** With the client, and the client's wait on hold; null until the leg is over. */
  talk_s: number | null
  hold_s: number | null
}

/** One who had the client; `to` and `duration_s` are null while they still have. */
export interface PathStop {
  kind: 'agent' | 'queue' | 'voicemail' | 'parking' | 'outside'
  agent_id: string | null
  queue: string | null
  name: string
  from: string
  to: string | null
  duration_s: number | null
  /** What the person wrote down about this contact. */
  note: string | null
}

export interface Recording {
  id: string
  started_at: string
  /** Null while the file has not been found, or its format is not known. */
  duration_s: number | null
  available: boolean
  state: 'awaited' | 'available' | 'missing' | 'gone'
  /** By a browser. */
  playable: boolean
  /** Colleagues talk while the client waits: only `agent_ids` and those who lead may hear it. */
  consultation: boolean
  agent_ids: string[]
}

/** An answered call that cannot be heard. */
export interface Unrecorded {
  interaction_id: string
  started_at: string
  ended_at: string
  direction: Direction
  pbx: string
  queue: string | null
  agent_id: string | null
  agent_name: string | null
  client_id: string | null
  client_name: string | null
  talk_s: number | null
  reason: 'not_named' | 'awaited' | 'missing' | 'empty' | 'gone'
}

/** Who answers without being recorded; `since` is null when their last call was recorded. */
export interface UnrecordedGroup {
  pbx: string
  queue: string | null
  agent_id: string | null
  agent_name: string | null
  answered: number
  unrecorded: number
  last_recorded_at: string | null
  since: string | null
}

/** A time in which the phone system was not heard; `to` is null while it lasts. */
export interface Gap {
  id: string
  source: string
  from: string
  to: string | null
  cause: string
  kind: 'link_lost' | 'half_open' | 'process_down' | 'pbx_restarted' | 'spool_full'
  state: 'open' | 'repairing' | 'repaired' | 'partly' | 'unrepaired'
  affected: number
  repaired: number
  sources: ('cel' | 'cdr' | 'queue_log')[]
  trouble: string | null
}

export interface GivenDisposition {
  code: string
  resultative: boolean
  note: string | null
  /** Null when nobody chose in time. */
  by: string | null
  at: string
}

export interface Interaction {
  id: string
  channel: Channel
  direction: Direction
  state: InteractionState
  outcome: Outcome | null
  external_id: string
  pbx: string | null
  queue: string | null
  queues: string[]
  client_id: string | null
  client_name: string | null
  client_address: string | null
  caller_name: string | null
  our_address: string | null
  agent_id: string | null
  agent_name: string | null
  started_at: string
  answered_at: string | null
  ended_at: string | null
  wait_s: number | null
  talk_s: number | null
  hold_s: number | null
  wrap_up_s: number | null
  ended_by: 'client' | 'agent' | 'system' | null
  hangup_cause: number | null
  disposition: GivenDisposition | null
  contact_number: number | null
  recordings: Recording[]
  legs: Leg[]
  path: PathStop[]
  merged_into: string | null
  complete: boolean
  version: number
}

export type ContactKind = 'phone' | 'email' | 'telegram' | 'webchat'

export interface ContactPoint {
  id: string
  kind: ContactKind
  value: string
  typed: string
  label: string | null
  verified: boolean
  /** Nothing of ours reaches it since then: the bot is blocked. */
  unreachable_at: string | null
}

export interface Client {
  id: string
  name: string
  language: string | null
  service_class: string | null
  hint: string | null
  owner_id: string | null
  owner_name: string | null
  since: string | null
  timezone: string | null
  birthday: string | null
  note: string | null
  /** Since then nobody contacts them. */
  blocked_at: string | null
  blocked_reason: string | null
  contact_points: ContactPoint[]
  /** Found by its name, but another's: the card cannot be opened. */
  restricted?: boolean
  /** Found by a search although its name only resembles what was asked for. */
  alike?: boolean
  version: number
}

export type CallbackState = 'open' | 'claimed' | 'kept' | 'cancelled'
export type Via = 'call' | 'email' | 'telegram' | 'webchat' | 'meeting'
export type HistoryReason =
  | 'promised'
  | 'given'
  | 'late'
  | 'taken_over'
  | 'absence'
  | 'moved'
  | 'undone'

export interface OwnerChange {
  id: string
  /** Null: its queue. */
  agent_id: string | null
  agent_name: string | null
  from: string
  to: string | null
  reason: HistoryReason
  explanation: string
  /** The same in both languages; null: a person's own words. */
  words: Labels | null
  by: string | null
}

/** A call in which the caller was not heard. */
export interface CallbackTry {
  interaction_id: string
  at: string
  queue: string | null
  outcome: Outcome | null
  wait_s: number | null
}

/** A call of ours that the client did not answer. */
export interface CallbackAttempt {
  interaction_id: string
  at: string
  agent_id: string | null
  outcome: Outcome | null
}

export interface Callback {
  id: string
  /** Null: the caller at `address` is nobody's client yet. */
  client_id: string | null
  client_name: string | null
  /** Null: not known, as we live. */
  client_timezone: string | null
  address: string | null
  lead_id: string | null
  subject: string | null
  via: Via
  state: CallbackState
  /** Null: whoever of `queue` takes it first. */
  agent_id: string | null
  agent_name: string | null
  queue: string | null
  due_at: string
  escalate_at: string | null
  /** Of the time we were down, already in `escalate_at`. */
  forgiven_s: number
  takeover_at: string | null
  claimed_by: string | null
  claimed_until: string | null
  promised_in: string | null
  promised_at: string
  kept_in: string | null
  /** The client said that the time suits them. */
  confirmed_at: string | null
  closed_at: string | null
  cancel_reason: string | null
  late_s: number | null
  late_by: 'agent' | 'system' | null
  policy: string | null
  policies: string[]
  moves: number
  /** Since when it should have moved and nobody could take it. */
  nobody_since: string | null
  /** Why nobody can, in words; null while somebody might. */
  stuck: Labels | null
  /** The rule that made it, in words. */
  why: Labels | null
  tries: CallbackTry[]
  attempts: CallbackAttempt[]
  history: OwnerChange[]
  version: number
}

export interface FamilyMember {
  id: string
  client_id: string | null
  name: string
  relation: string
  birth_date: string | null
  note: string | null
}

export interface Money {
  amount: string
  currency: string
}

export interface Trip {
  id: string
  title: string
  destination: string
  hotel: string | null
  starts_on: string
  ends_on: string
  state: 'planned' | 'current' | 'past'
  adults: number
  children: number
  timezone: string | null
  return_flight_at: string | null
  transfer_ordered: boolean | null
  note: string | null
}

export interface Deal {
  id: string
  title: string
  stage: string
  amount: Money | null
  next_step: string | null
  due_on: string | null
}

/** What the screen pop carries. `client` is null while the caller is unknown. */
export interface Card {
  client: Client | null
  candidates: Client[]
  callbacks: Callback[]
  family: FamilyMember[]
  trips: Trip[]
  deals: Deal[]
  recent: Interaction[]
}

export interface TimelineItem {
  kind: 'interaction' | 'callback' | 'trip'
  at: string
  planned: boolean
  interaction?: Interaction
  callback?: Callback
  trip?: Trip
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Disposition {
  code: string
  labels: Labels
  resultative: boolean
  contact_made: boolean
  callback: 'none' | 'optional' | 'required'
  position: number
  enabled: boolean
}

export interface PauseReason {
  code: string
  labels: Labels
  threshold_s: number | null
  productive: boolean
  position: number
  enabled: boolean
}

/** By channel; null: as usual for it. */
export type AnswerWithin = Partial<Record<'email' | 'telegram' | 'webchat', { first_s: number | null; next_s: number | null }>>

export interface Queue {
  name: string
  title: Labels
  wrap_up_limit_s: number | null
  short_abandon_s: number
  service_level_s: number
  missed_callback: boolean
  missed_callback_short: boolean
  missed_callback_due_s: number
  answer_within: AnswerWithin
  team_id: string | null
  members: string[]
}

export interface Team {
  id: string
  name: string
}

export type MissedKind = 'abandoned' | 'short_abandoned' | 'no_answer' | 'busy' | 'voicemail'
export type MissedState = 'open' | 'reached' | 'done'

/** One caller who was not heard; `interaction_id` is the last try. */
export interface MissedCaller {
  client_address: string | null
  client_id: string | null
  client_name: string | null
  /** Who it may have been, when nobody has said yet. */
  candidates: { id: string; name: string }[]
  queue: string | null
  outcome: MissedKind
  kinds: MissedKind[]
  attempts: number
  first_at: string
  last_at: string
  since: string
  wait_s: number | null
  longest_wait_s: number | null
  interaction_id: string
  state: MissedState
  reached_how: 'called_again' | 'called_back' | null
  reached_in: string | null
  reached_at: string | null
  reached_after_s: number | null
  reached_by: string | null
  reached_by_name: string | null
  tries: CallbackTry[]
  callback: Callback | null
}

export interface Figure {
  name: string
  value: number | null
  formula: string
  sample: number
  fresh_at: string
}

/** A hole in hearing that touches what is asked for, and is not repaired. */
export type GapMark = Pick<Gap, 'id' | 'source' | 'from' | 'to' | 'cause' | 'kind' | 'affected' | 'repaired'>

export interface MissedPage extends Page<MissedCaller> {
  gaps: GapMark[]
  figures: Figure[]
}

/** A list that is edited as a whole; the version goes back with the edit. */
export interface Catalogue<T> {
  items: T[]
  version: number
}

/** A person as the administrator sees them. */
export interface Account extends User {
  queues: string[]
  /** Hours of their own; null: the team's. */
  calendar_id: string | null
  skills: string[]
  languages: string[]
  takes_work: boolean
  enabled: boolean
  version: number
}

export interface Offer {
  interaction: Interaction
  card: Card
  agent_id: string
  leg_id: string
}

export interface TodayFigures {
  answered: number
  missed: number
  talk_s: number
  average_talk_s: number | null
  promises_open: number
  promises_late: number
  hours: { hour: number; answered: number }[]
}

export interface DeskSnapshot {
  agent: Agent
  offers: Offer[]
  active: { interaction: Interaction; card: Card }[]
  wrap_up: { interaction: Interaction; card: Card; wrap_up_until?: string | null }[]
  today: TodayFigures
}

/** When somebody is to be contacted: a moment, or what a clock shows. */
export type DueRequest = { due_at: string } | { due_local: { time: string; zone: string; second?: boolean } }

export interface DispositionRequest {
  code: string
  note?: string
  callback?: DueRequest & { subject?: string; via?: Via }
}

/** Whether a PBX is heard; `heard_at`: its last sign of life. */
export interface PbxLink {
  name: string
  up: boolean
  heard_at: string | null
  version: number
}

/** Every event of the `/desk` namespace carries these. */
export interface Stamped {
  seq: number
  version: number
  at: string
}

export interface DeskEvents {
  'call.offered': Offer
  'call.withdrawn': { interaction_id: string; agent_id: string; leg_id: string; result: LegResult }
  'call.answered': { interaction: Interaction; agent_id: string; leg_id: string }
  'call.ended': { interaction: Interaction }
  'interaction.changed': { interaction: Interaction | Conversation }
  'message.received': { interaction: Conversation; message: Message }
  'message.changed': { interaction: Conversation; message: Message }
  'conversation.moved': { interaction: Conversation; from_agent_id: string | null; to_agent_id: string | null; words: Labels }
  'conversation.due_soon': { interaction: Conversation; due_at: string }
  'conversation.stuck': { interaction: Conversation; since: string }
  'conversation.mentioned': { interaction: Conversation; message: Message }
  'callback.due_soon': { callback: Callback }
  'callback.changed': { callback: Callback }
  'callback.moved': {
    callback: Callback
    from_agent_id: string
    to_agent_id: string
    explanation: string
  }
  'callback.stuck': { callback: Callback; since: string }
  'lead.changed': { lead: Lead }
  'lead.stuck': { lead: Lead; lead_id: string; since: string }
  'agent.changed': { agent: Agent }
  'client.changed': { client_id: string }
  'catalogue.changed': { name: string }
  'pbx.changed': { pbx: string }
  'wallboard.changed': Record<string, unknown>
}

export type DeskEventName = keyof DeskEvents
