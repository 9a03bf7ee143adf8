/**
 * What else there was with a client while they wrote: calls, and promises that were kept, cancelled or changed hands.
 *
 * It is told in the thread by one line each, from shortly before the first message until the last one. Pure.
 */
import type { Conversation, Message } from '@/api/conversations'
import type { Callback, Interaction } from '@/api/types'
import { DAY_S } from '@/lib/time'
import { type TimelineEvent, movesOf } from '@/pages/client/timeline'

export type Between = Extract<TimelineEvent, { kind: 'interaction' | 'promise' | 'moved' }>
export type Said = Between | { kind: 'message'; id: string; at: string; message: Message }

/** «They called yesterday» belongs to what they write today. */
const BEFORE_MS = 3 * DAY_S * 1000

export function between(conversation: Conversation, calls: Iterable<Interaction>, promises: Iterable<Callback>): Between[] {
  const { client_id: client, inbox_state: state } = conversation
  if (client === null) return []
  const from = Date.parse(conversation.started_at) - BEFORE_MS
  const to = state === 'closed' ? Date.parse(conversation.last_at) : Infinity
  const events = [
    ...Array.from(calls).flatMap((call): Between[] =>
      call.client_id === client && call.channel === 'call' && call.merged_into === null && call.direction !== 'internal'
        ? [{ kind: 'interaction', id: call.id, at: call.started_at, interaction: call }]
        : [],
    ),
    ...Array.from(promises).flatMap((promise): Between[] =>
      promise.client_id === client ? [...movesOf(promise), ...closing(promise)] : [],
    ),
  ]
  return events.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) <= to)
}

const closing = (promise: Callback): Between[] => (promise.closed_at ? [{ kind: 'promise', id: promise.id, at: promise.closed_at, promise }] : [])

/** What stands beside the piece that is shown; at an end of it that leads on, nothing from beyond. */
export function within(beside: readonly Between[], messages: readonly Message[], leads: { older: boolean; newer: boolean }): Between[] {
  const [first, last] = [messages[0], messages.at(-1)]
  return beside.filter(
    ({ at }) =>
      !(leads.older && first && Date.parse(at) < Date.parse(first.at)) && !(leads.newer && last && Date.parse(at) > Date.parse(last.at)),
  )
}

/** Everything in the order in which it happened. */
export function inThread(messages: readonly Message[], beside: readonly Between[]): Said[] {
  const said = messages.map((message): Said => ({ kind: 'message', id: message.id, at: message.at, message }))
  return beside.length === 0 ? said : [...said, ...beside].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}
