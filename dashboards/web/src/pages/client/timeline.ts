/**
 * A client's past and plans as rows: what is planned above, then day by day, the newest first.
 *
 * A promise that changed hands is told where it happened: each move is a row of its own, unless it
 * lies further back than what has been read. Pure.
 */
import type { Callback, Interaction, OwnerChange, TimelineItem, Trip } from '@/api/types'
import { dayMoment, fromWallClock, startOfDay, wallClock } from '@/lib/time'

export type TimelineEvent = { id: string; at: string } & (
  | { kind: 'interaction'; interaction: Interaction }
  | { kind: 'promise'; promise: Callback }
  | { kind: 'moved'; promise: Callback; change: OwnerChange; from: OwnerChange }
  | { kind: 'trip'; trip: Trip }
)

export type MovedEvent = Extract<TimelineEvent, { kind: 'moved' }>

export interface TimelineGroup {
  id: string
  /** Null is the group of what is planned; otherwise midnight of the day. */
  day: number | null
  events: TimelineEvent[]
}

/** A trip stands at its first day of our calendar, whatever the clock says where it leads. */
function startOfTrip(trip: Trip, zone: string): string {
  const day = wallClock(dayMoment(trip.starts_on), 'UTC')
  return new Date(fromWallClock({ ...day, hour: 0, minute: 0 }, zone)).toISOString()
}

function eventOf(item: TimelineItem, zone: string): TimelineEvent | null {
  if (item.interaction) return { kind: 'interaction', id: item.interaction.id, at: item.at, interaction: item.interaction }
  if (item.callback) return { kind: 'promise', id: item.callback.id, at: item.at, promise: item.callback }
  if (item.trip) {
    return { kind: 'trip', id: item.trip.id, at: startOfTrip(item.trip, zone), trip: item.trip }
  }
  return null
}

/** Every time the promise came to somebody else. */
export function movesOf(promise: Callback): MovedEvent[] {
  return promise.history.flatMap((change, index): MovedEvent[] => {
    const from = promise.history[index - 1]
    if (!from || from.agent_id === change.agent_id) return []
    return [{ kind: 'moved', id: `${promise.id}-${index}`, at: change.from, promise, change, from }]
  })
}

const newestFirst = (a: TimelineEvent, b: TimelineEvent): number => Date.parse(b.at) - Date.parse(a.at)

export function groupsOf(items: readonly TimelineItem[], complete: boolean, zone: string): TimelineGroup[] {
  const events = items.flatMap((item) => {
    const event = eventOf(item, zone)
    return event ? [{ event, planned: item.planned }] : []
  })
  const planned = events.filter((one) => one.planned).map((one) => one.event)
  const past = events.filter((one) => !one.planned).map((one) => one.event)
  const oldest = complete || past.length === 0 ? -Infinity : Math.min(...past.map((event) => Date.parse(event.at)))
  const moves = events
    .flatMap(({ event }) => (event.kind === 'promise' ? movesOf(event.promise) : []))
    .filter((event) => Date.parse(event.at) >= oldest)

  const days = new Map<number, TimelineEvent[]>()
  for (const event of [...past, ...moves].toSorted(newestFirst)) {
    const day = startOfDay(Date.parse(event.at), zone)
    const known = days.get(day)
    if (known) known.push(event)
    else days.set(day, [event])
  }
  return [
    ...(planned.length > 0 ? [{ id: 'planned', day: null, events: planned.toSorted(newestFirst) }] : []),
    ...Array.from(days, ([day, list]) => ({ id: String(day), day, events: list })),
  ]
}
