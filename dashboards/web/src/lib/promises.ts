/** A promise as the screen shows it: how pressing it is, and its sentence. */
import type { Callback, Interaction } from '@/api/types'
import type { IconName } from '@/ui/icons'
import { DAY_S, daysBetween } from './time'

export type Pressing = 'late' | 'due' | 'later'

// The rule of the server: a talk keeps a promise that is late or due within a day of it.
const EARLIEST_KEPT_MS = DAY_S * 1000

export const isOwed = (promise: Callback): boolean => promise.state === 'open' || promise.state === 'claimed'

export function pressing(promise: Callback, now: number, zone: string): Pressing {
  const due = Date.parse(promise.due_at)
  if (due <= now) return 'late'
  return daysBetween(now, due, zone) === 0 ? 'due' : 'later'
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
