/**
 * The order of events against snapshots and resumes.
 *
 * While a snapshot is being read, or missed events are being sent again, nothing is passed on:
 * what arrives is held, then applied in one breath, so a call that came and went meanwhile never
 * flashes on the screen. The cursor moves only over what has been passed on.
 */
import type { Stamped } from '@/api/types'

export interface Heard {
  name: string
  payload: Stamped
}

export interface EventStream {
  /** The last sequence that was passed on; null before the first snapshot. */
  readonly cursor: number | null
  heard: (name: string, payload: Stamped) => void
  /** Keep what arrives until `release` or `open`. */
  hold: () => void
  /** A snapshot is true for `seq`: older events say nothing new. */
  open: (seq: number) => void
  /** The missed events have all been sent, up to `seq`. */
  release: (seq: number) => void
}

export function createStream(pass: (event: Heard) => void): EventStream {
  let cursor: number | null = null
  let held: Heard[] | null = []

  const passOn = (event: Heard): void => {
    cursor = Math.max(cursor ?? 0, event.payload.seq)
    pass(event)
  }
  const letGo = (after: number): void => {
    const waiting = (held ?? []).toSorted((a, b) => a.payload.seq - b.payload.seq)
    held = null
    waiting.filter((event) => event.payload.seq > after).forEach(passOn)
  }

  return {
    get cursor() {
      return cursor
    },
    heard(name, payload) {
      if (held) held.push({ name, payload })
      else passOn({ name, payload })
    },
    hold() {
      held ??= []
    },
    open(seq) {
      cursor = seq
      letGo(seq)
    },
    release(seq) {
      const before = cursor ?? 0
      letGo(before)
      cursor = Math.max(cursor ?? 0, seq)
    },
  }
}
