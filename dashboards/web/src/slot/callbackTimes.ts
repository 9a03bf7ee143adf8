/**
 * When the next contact may be promised: three usual times and any other, by one's own clock or the client's. Pure.
 *
 * A time that the clocks skip on that day, or show twice, is asked about here as the server would ask about it.
 */
import type { DueRequest } from '@/api/types'
import { fromWallClock, localReading, toLocalInput, wallClock } from '@/lib/time'

export type TimeChoice = 'soon' | 'hour' | 'tomorrow' | 'other'
export type WhoseClock = 'own' | 'client'

export const TIME_CHOICES: readonly TimeChoice[] = ['soon', 'hour', 'tomorrow', 'other']
export const DEFAULT_CHOICE: TimeChoice = 'tomorrow'

const SOON_MS = 10 * 60_000
const HOUR_MS = 60 * 60_000
const MORNING_HOUR = 10
const WAKES_HOUR = 8
const SLEEPS_HOUR = 22

export interface TimeWish {
  choice: TimeChoice | null
  /** As the field shows it, without a zone. */
  other: string
  whose: WhoseClock
  /** Of an hour shown twice: its second turn. Null: not asked, or not answered. */
  second: boolean | null
}

/** `client` is null while nobody knows where they live, or they live by the same clock. */
export interface Clocks {
  own: string
  client: string | null
}

export type Due =
  | { kind: 'none' }
  | { kind: 'moment'; at: number; request: DueRequest }
  | { kind: 'missing'; before: number; after: number; zone: string }
  | { kind: 'doubled'; first: number; second: number; zone: string }

export const clocksOf = (own: string, client: string | null | undefined): Clocks => ({
  own,
  client: client && client !== own ? client : null,
})

export const zoneOf = (wish: TimeWish, clocks: Clocks): string =>
  wish.whose === 'client' ? (clocks.client ?? clocks.own) : clocks.own

/** «Tomorrow, 10:00» of this clock, as a field shows it. */
export function tomorrowMorning(now: number, zone: string): string {
  const today = wallClock(now, zone)
  return toLocalInput(fromWallClock({ ...today, day: today.day + 1, hour: MORNING_HOUR, minute: 0 }, zone), zone)
}

/** What the wish means, or why it does not mean one moment yet. */
export function dueOf(wish: TimeWish, now: number, clocks: Clocks): Due {
  switch (wish.choice) {
    case null:
      return { kind: 'none' }
    case 'soon':
      return afterwards(now + SOON_MS)
    case 'hour':
      return afterwards(now + HOUR_MS)
    case 'tomorrow': {
      const zone = zoneOf(wish, clocks)
      return byTheClock(tomorrowMorning(now, zone), zone, null)
    }
    case 'other':
      return byTheClock(wish.other, zoneOf(wish, clocks), wish.second)
  }
}

const afterwards = (at: number): Due => ({ kind: 'moment', at, request: { due_at: new Date(at).toISOString() } })

function byTheClock(time: string, zone: string, second: boolean | null): Due {
  const read = localReading(time, zone)
  const request = (answer?: boolean): DueRequest => ({
    due_local: { time, zone, ...(answer === undefined ? {} : { second: answer }) },
  })
  switch (read.kind) {
    case 'none':
      return read
    case 'once':
      return { kind: 'moment', at: read.at, request: request() }
    case 'missing':
      return { ...read, zone }
    case 'doubled':
      if (second === null) return { ...read, zone }
      return { kind: 'moment', at: second ? read.second : read.first, request: request(second) }
  }
}

/** Outside 8 to 22 by their clock one does not telephone without a reason. */
export function isAsleep(at: number, zone: string): boolean {
  const { hour } = wallClock(at, zone)
  return hour < WAKES_HOUR || hour >= SLEEPS_HOUR
}
