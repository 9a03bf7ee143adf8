/**
 * Times and durations as people read them. Pure: the moment, zone and words are arguments.
 *
 * A duration is never read as a time of day: `4:12` under ten minutes, then «28 мин», then «2 ч 10 мин».
 */

export const MINUTE_S = 60
export const HOUR_S = 3600
export const DAY_S = 86_400
const CLOCK_LIMIT_S = 10 * MINUTE_S
const HOURS_LIMIT_S = 2 * HOUR_S
const DAY_MS = 86_400_000

export type DurationParts =
  | { form: 'clock'; text: string }
  | { form: 'minutes'; minutes: number }
  | { form: 'hours'; hours: number; minutes: number }

export function durationParts(seconds: number): DurationParts {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < CLOCK_LIMIT_S) {
    return { form: 'clock', text: `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}` }
  }
  const minutes = Math.floor(whole / MINUTE_S)
  if (whole < HOURS_LIMIT_S) return { form: 'minutes', minutes }
  return { form: 'hours', hours: Math.floor(minutes / 60), minutes: minutes % 60 }
}

/** Year, month, day, hour and minute on the wall clock of `zone`. */
export interface WallClock {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a formatter costs a hundred times more than using it. */
export function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(locale, options)
  formats.set(key, made)
  return made
}

export function wallClock(at: number, zone: string): WallClock {
  const parts = dateFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(at)
  const value = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0)
  return {
    year: value('year'),
    month: value('month'),
    day: value('day'),
    hour: value('hour'),
    minute: value('minute'),
  }
}

/** How far the wall clock of `zone` is ahead of UTC at this moment, in milliseconds. */
export function zoneOffset(at: number, zone: string): number {
  const wall = wallClock(at, zone)
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  return asUtc - Math.floor(at / 60_000) * 60_000
}

/** The moment at which the wall clock of `zone` shows this. A time that a clock change skips moves forward. */
export function fromWallClock(wall: WallClock, zone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  const guess = asUtc - zoneOffset(asUtc, zone)
  return asUtc - zoneOffset(guess, zone)
}

export function startOfDay(at: number, zone: string, days = 0): number {
  const wall = wallClock(at, zone)
  return fromWallClock({ ...wall, day: wall.day + days, hour: 0, minute: 0 }, zone)
}

/** Whole calendar days from `from` to `to` in `zone`: 0 today, 1 tomorrow, -1 yesterday. */
export function daysBetween(from: number, to: number, zone: string): number {
  const a = wallClock(from, zone)
  const b = wallClock(to, zone)
  return Math.round((Date.UTC(b.year, b.month - 1, b.day) - Date.UTC(a.year, a.month - 1, a.day)) / DAY_MS)
}

/** The value of an `<input type="datetime-local">` for this moment. */
export function toLocalInput(at: number, zone: string): string {
  const wall = wallClock(at, zone)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}`
}

export type LocalReading =
  | { kind: 'none' }
  | { kind: 'once'; at: number }
  /** The clocks jump over it: the last minute before, the first after. */
  | { kind: 'missing'; before: number; after: number }
  /** The clocks show it twice. */
  | { kind: 'doubled'; first: number; second: number }

/** What a person means by a time of this zone's clock, which may be no moment or two. */
export function localReading(value: string, zone: string): LocalReading {
  const asUtc = Date.parse(`${value.slice(0, 16)}:00Z`)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) || Number.isNaN(asUtc)) return { kind: 'none' }
  // A change of the clocks lies between these two, if there is one near.
  const offsets = [zoneOffset(asUtc - DAY_MS, zone), zoneOffset(asUtc + DAY_MS, zone)] as const
  const shows = (at: number): boolean => at + zoneOffset(at, zone) === asUtc
  const [first, second] = [asUtc - offsets[0], asUtc - offsets[1]]
  const shown = [first, second].filter(shows)
  if (shown.length === 0) {
    const change = offsetChange(second, first, zone)
    return { kind: 'missing', before: change - 60_000, after: change }
  }
  if (shown.length === 2 && first !== second) return { kind: 'doubled', first, second }
  return { kind: 'once', at: shown[0] ?? first }
}

/** The minute between these two at which the offset changes. */
function offsetChange(before: number, after: number, zone: string): number {
  const old = zoneOffset(before, zone)
  let [low, high] = [before, after]
  while (high - low > 60_000) {
    const middle = low + Math.floor((high - low) / 120_000) * 60_000
    if (zoneOffset(middle, zone) === old) low = middle
    else high = middle
  }
  return high
}

/** Years between a birth date (`YYYY-MM-DD`) and a day. */
export function ageOn(birthDate: string, at: number, zone: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(birthDate)
  if (!match) return null
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  const today = wallClock(at, zone)
  const hadBirthday = today.month > month || (today.month === month && today.day >= day)
  return today.year - year - (hadBirthday ? 0 : 1)
}

/** A day written as `YYYY-MM-DD` has no zone: put it at noon UTC so that no zone moves it. */
export function dayMoment(day: string): number {
  return Date.parse(`${day.slice(0, 10)}T12:00:00Z`)
}
