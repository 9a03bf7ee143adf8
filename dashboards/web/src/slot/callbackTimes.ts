/** When the next contact may be promised: three usual times and any other. Pure. */
import { fromLocalInput, fromWallClock, wallClock } from '@/lib/time'

export type TimeChoice = 'soon' | 'hour' | 'tomorrow' | 'other'

export const TIME_CHOICES: readonly TimeChoice[] = ['soon', 'hour', 'tomorrow', 'other']
export const DEFAULT_CHOICE: TimeChoice = 'tomorrow'

const SOON_MS = 10 * 60_000
const HOUR_MS = 60 * 60_000
const MORNING_HOUR = 10

/** The promised moment; null while «other» has no time in it. */
export function dueAt(choice: TimeChoice, other: string, now: number, zone: string): number | null {
  switch (choice) {
    case 'soon':
      return now + SOON_MS
    case 'hour':
      return now + HOUR_MS
    case 'tomorrow': {
      const today = wallClock(now, zone)
      return fromWallClock({ ...today, day: today.day + 1, hour: MORNING_HOUR, minute: 0 }, zone)
    }
    case 'other':
      return fromLocalInput(other, zone)
  }
}
