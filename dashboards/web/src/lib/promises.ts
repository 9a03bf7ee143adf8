/** A promise as the screen shows it: how pressing it is, and its sentence. */
import type { Callback, Interaction, OwnerChange } from '@/api/types'
import type { IconName } from '@/ui/icons'
import { DAY_S, startOfDay, zoneOffset } from './time'

export type Pressing = 'late' | 'due' | 'later'

// The rule of the server: a talk keeps a promise that is late or due within a day of it.
const EARLIEST_KEPT_MS = DAY_S * 1000

export const isOwed = (promise: Callback): boolean => promise.state === 'open' || promise.state === 'claimed'

export const pressing = (promise: Callback, now: number, zone: string): Pressing =>
  pressingBefore(promise, now, startOfDay(now, zone, 1))

/** The same for many promises of one moment: where the day ends is asked once. */
export function pressingBefore(promise: Callback, now: number, dayEnd: number): Pressing {
  const due = Date.parse(promise.due_at)
  if (due <= now) return 'late'
  return due < dayEnd ? 'due' : 'later'
}

export const PRESSING: Readonly<Record<Pressing, { tone: 'late' | 'due' | 'neutral'; icon: IconName }>> = {
  late: { tone: 'late', icon: 'late' },
  due: { tone: 'due', icon: 'due' },
  later: { tone: 'neutral', icon: 'clock' },
}

export const byDue = (a: Callback, b: Callback): number =>
  Date.parse(a.due_at) - Date.parse(b.due_at) || a.id.localeCompare(b.id)

/** The promise this talk keeps by itself: the one due first, if it was not made in it and is near enough. */
export function keptByTalk(promises: readonly Callback[], call: Interaction): Callback | null {
  const already = promises.find((promise) => promise.kept_in === call.id)
  if (already) return already
  if (!call.answered_at) return null
  const latest = Date.parse(call.answered_at) + EARLIEST_KEPT_MS
  return (
    promises
      .filter((promise) => isOwed(promise) && promise.promised_in !== call.id && Date.parse(promise.due_at) <= latest)
      .toSorted(byDue)[0] ?? null
  )
}

/** The zone in which the deadline is another time of day than in ours; null while it is the same. */
export function theirZone(promise: Callback, ours: string): string | null {
  const { client_timezone: theirs } = promise
  const due = Date.parse(promise.due_at)
  return theirs && theirs !== ours && zoneOffset(due, theirs) !== zoneOffset(due, ours) ? theirs : null
}

/** How it went from this person to whoever owes it now; null while it is theirs, or never was. */
export function lostTo(promise: Callback, me: string): OwnerChange | null {
  const last = promise.history.at(-1)
  if (!last || !isOwed(promise) || promise.agent_id === null || promise.agent_id === me) return null
  return promise.history.some((owner) => owner.agent_id === me) ? last : null
}

/** What happens to a promise by itself. */
export type Fate =
  | { kind: 'none' }
  /** A call with the client is up: nothing moves meanwhile. */
  | { kind: 'talking' }
  /** Somebody said: I am calling now. */
  | { kind: 'claimed' }
  | { kind: 'moves'; at: number; forgiven: boolean }
  | { kind: 'moving' }
  /** It should move, and nobody can take it. */
  | { kind: 'nobody' }
  /** It has moved as often as it may: it stays. */
  | { kind: 'stays' }
  /** It stays until a supervisor takes it; from when they may. */
  | { kind: 'taken'; at: number }

const TOLD_AHEAD_MS = 30 * 60_000
const MOVING_MS = 20_000

export function fateOf(promise: Callback, now: number, talking: boolean): Fate {
  if (!isOwed(promise)) return { kind: 'none' }
  if (talking) return { kind: 'talking' }
  if (promise.state === 'claimed') return { kind: 'claimed' }
  if (promise.nobody_since) return { kind: 'nobody' }
  const late = Date.parse(promise.due_at) <= now
  if (promise.escalate_at === null) {
    return late && promise.takeover_at ? { kind: 'taken', at: Date.parse(promise.takeover_at) } : { kind: 'none' }
  }
  const at = Date.parse(promise.escalate_at)
  if (at > now) {
    return late || at - now <= TOLD_AHEAD_MS ? { kind: 'moves', at, forgiven: promise.forgiven_s > 0 } : { kind: 'none' }
  }
  return now - at < MOVING_MS ? { kind: 'moving' } : { kind: 'stays' }
}
