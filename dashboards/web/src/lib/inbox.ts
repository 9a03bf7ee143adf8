/** A conversation as the inbox shows it: whose turn it is, what runs, in which order. Pure. */
import type { Conversation, InboxCounts, InboxState, InboxView, Message, WrittenChannel } from '@/api/conversations'
import type { ContactKind } from '@/api/types'
import type { IconName } from '@/ui/icons'
import { MINUTE_S, startOfDay } from './time'

export const VIEWS: readonly InboxView[] = ['mine', 'unassigned', 'snoozed', 'urgent', 'mentioned', 'waiting', 'closed', 'all']
export const CHANNELS: readonly WrittenChannel[] = ['email', 'telegram', 'webchat', 'webform']
export const CHANNEL_ICONS: Readonly<Record<WrittenChannel, IconName>> = { email: 'mail', telegram: 'telegram', webchat: 'chat', webform: 'note' }

/** What the address is from which somebody writes there; in a form people leave a number or a mail address. */
export function addressKind(channel: WrittenChannel, address: string): ContactKind {
  if (channel !== 'webform') return channel
  return address.includes('@') ? 'email' : 'phone'
}

/** The server holds a message back for as long: until then it can be taken back. */
export const SEND_AFTER_S = 5

export interface InboxFilters {
  view: InboxView
  channel: WrittenChannel | null
  /** What to look for in everything that was said. */
  q: string
}

const one = (value: unknown): string => (typeof value === 'string' ? value : '')

export function readFilters(query: Readonly<Record<string, unknown>>): InboxFilters {
  return {
    view: VIEWS.find((view) => view === query.view) ?? 'mine',
    channel: CHANNELS.find((channel) => channel === query.channel) ?? null,
    q: one(query.q),
  }
}
export function writeFilters({ view, channel, q }: InboxFilters): Record<string, string> {
  return { ...(view === 'mine' ? {} : { view }), ...(channel ? { channel } : {}), ...(q ? { q } : {}) }
}

/** What the server is asked for. */
export const asQuery = ({ view, channel }: InboxFilters): Record<string, string> => ({ view, ...(channel ? { channel } : {}) })

/** "12"; nothing for none, "999+" for more than the server counts. */
export function countOf(counts: InboxCounts | null, view: InboxView): string {
  if (!counts || view === 'closed') return ''
  const count = counts[view]
  return count > counts.most ? `${counts.most}+` : count ? String(count) : ''
}

const GOES_ON: ReadonlySet<InboxState> = new Set<InboxState>(['open', 'waiting'])

/** The same, of one that is held: it has moved on since it was read, or came by an event. */
export function belongs(conversation: Conversation, { view, channel }: InboxFilters, me: string): boolean {
  if (channel && conversation.channel !== channel) return false
  const { inbox_state: state, agent_id: agent } = conversation
  switch (view) {
    case 'mine':
      return agent === me && GOES_ON.has(state)
    case 'unassigned':
      return agent === null && GOES_ON.has(state)
    case 'waiting':
    case 'snoozed':
      return agent === me && state === view
    case 'closed':
      return state === 'closed'
    case 'mentioned':
      return true // only the server knows
    case 'urgent':
      return conversation.urgent && GOES_ON.has(state)
    case 'all':
      return GOES_ON.has(state)
  }
}

export interface Clock {
  kind: 'due' | 'late'
  /** To whole minutes: how long is left, at least one; how late it is, at least one. */
  seconds: number
}

/** The clock of the next answer; null while none runs. */
export function answerClock({ inbox_state: state, answer_due_at: due }: Conversation, now: number): Clock | null {
  if (state !== 'open' || due === null) return null
  const ahead = (Date.parse(due) - now) / 1000
  if (ahead <= 0) return { kind: 'late', seconds: Math.max(MINUTE_S, Math.floor(-ahead / MINUTE_S) * MINUTE_S) }
  return { kind: 'due', seconds: Math.ceil(ahead / MINUTE_S) * MINUTE_S }
}

const moment = (at: string | null): number => (at === null ? Infinity : Date.parse(at))

/** What a clock runs for stands first, then who has waited longest; where it is the client's turn, the newest. */
export function inOrder(conversations: readonly Conversation[]): Conversation[] {
  return conversations.toSorted(
    (a, b) =>
      moment(a.answer_due_at) - moment(b.answer_due_at) ||
      moment(a.waiting_since) - moment(b.waiting_since) ||
      Date.parse(b.last_at) - Date.parse(a.last_at) ||
      b.id.localeCompare(a.id),
  )
}

export interface DayOf<T> {
  day: number
  said: T[]
}

/** What was said and happened, under the days of it. */
export function underDays<T extends { at: string }>(said: readonly T[], zone: string): DayOf<T>[] {
  const days = new Map<number, T[]>()
  for (const one of said) {
    const day = startOfDay(Date.parse(one.at), zone)
    const known = days.get(day)
    if (known) known.push(one)
    else days.set(day, [one])
  }
  return Array.from(days, ([day, list]) => ({ day, said: list }))
}

/** It quotes something, or ends with a signature: shown when asked for. */
export const isFolded = (message: Message): boolean => message.own_text.trim() !== message.text.trim() && message.own_text.trim() !== ''

const KILO = 1024

/** «1,2 МБ»: a number and the power of 1024 it counts. */
export function sizeOf(bytes: number): { value: number; unit: 'b' | 'kb' | 'mb' } {
  if (bytes < KILO) return { value: bytes, unit: 'b' }
  if (bytes < KILO * KILO) return { value: Math.round(bytes / KILO), unit: 'kb' }
  return { value: Math.round((bytes / KILO / KILO) * 10) / 10, unit: 'mb' }
}
