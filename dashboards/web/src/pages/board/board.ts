/** Where things lie on a lane: pure, in pixels of its track and milliseconds of its window. */
import type { BoardPill, PromiseMove } from '@/api/board'

const QUARTER_MS = 15 * 60_000
const HALF_HOUR_MS = 30 * 60_000
const HOUR_MS = 60 * 60_000
const TICKS_AT_MOST = 9
const AGAIN_MS = 5 * 60_000
/** A letter, and what stands around the text of a pill. */
const LETTER_PX = 7.4
const AROUND_PX = 40
export const WIDEST_PX = 190
const NARROWEST_PX = 32
const BETWEEN_PX = 4

export interface Window {
  from: number
  to: number
}

/** The hours around now; it moves on in steps, so that pills do not creep. */
export function windowAround(now: number): Window {
  const step = Math.floor(now / AGAIN_MS) * AGAIN_MS
  return { from: step - HOUR_MS, to: step + 3 * HOUR_MS }
}

/** Whole half hours, hours or more of the window, as many as can be read. `offset`: of the zone, so that they are whole there. */
export function ticks({ from, to }: Window, offset: number): number[] {
  const step = [QUARTER_MS, HALF_HOUR_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS].find((one) => (to - from) / one <= TICKS_AT_MOST) ?? 6 * HOUR_MS
  const first = Math.ceil((from + offset) / step) * step - offset
  return Array.from({ length: Math.max(0, Math.ceil((to - first) / step)) }, (_, index) => first + index * step)
}

export const share = (at: number, { from, to }: Window): number => Math.min(1, Math.max(0, (at - from) / (to - from)))

export interface Placed {
  kind: 'late' | 'due' | 'gone'
  key: string
  left: number
  width: number
  promises: readonly BoardPill[]
  gone: readonly PromiseMove[]
}

interface Told {
  at: number
  text: string
  promise?: BoardPill
  gone?: PromiseMove
}

const widthOf = (text: string): number =>
  text === '' ? NARROWEST_PX : Math.min(WIDEST_PX, Math.max(NARROWEST_PX, Math.round(text.length * LETTER_PX) + AROUND_PX))

/**
 * The pills of a lane. What is late, or has gone, ends at its moment; what is to come begins at it.
 * Pills that would touch are one: `joined` says what stands on it. `begins`: where the track has room from.
 */
export function placed(
  promises: readonly BoardPill[],
  gone: readonly PromiseMove[],
  track: { width: number; window: Window; now: number; begins?: number },
  words: { promise: (pill: BoardPill) => string; joined: (count: number) => string },
): Placed[] {
  const told = promises.map((promise) => ({ at: Date.parse(promise.due_at), text: words.promise(promise), promise }))
  const late = told.filter(({ at }) => at <= track.now)
  const due = told.filter(({ at }) => at > track.now)
  const away = gone.map((move) => ({ at: Date.parse(move.at), text: '', gone: move }))
  const nowAt = Math.round(share(track.now, track.window) * track.width)
  const before = { from: Math.min(track.begins ?? 0, nowAt), to: nowAt }
  const moved = row('gone', away, track, String, before)
  // However wide what is late would like to be, what has gone keeps its place left of it.
  const kept = moved.reduce((sum, one) => sum + one.width + BETWEEN_PX, 0)
  const beside = { from: Math.min(before.from + kept, nowAt), to: nowAt }
  return [
    ...apart([...moved, ...row('late', late, track, words.joined, beside)], before.from),
    ...row('due', due, track, words.joined, { from: nowAt, to: track.width }),
  ]
}

/** Pills of two kinds are never joined: the earlier one gives way to the left, as far as there is room. */
function apart(pills: readonly Placed[], from: number): Placed[] {
  let edge = Infinity
  return pills
    .toSorted((a, b) => b.left + b.width - (a.left + a.width))
    .map((pill) => {
      const left = Math.max(from, Math.min(pill.left, edge - BETWEEN_PX - pill.width))
      edge = left
      return { ...pill, left }
    })
    .toReversed()
}

function row(
  kind: Placed['kind'],
  told: readonly Told[],
  track: { width: number; window: Window },
  joined: (count: number) => string,
  room: { from: number; to: number },
): Placed[] {
  const backwards = kind !== 'due'
  const groups: { at: number; left: number; right: number; of: Told[] }[] = []
  for (const one of told.toSorted((a, b) => a.at - b.at)) {
    const at = Math.round(share(one.at, track.window) * track.width)
    const next = { at, ...reach(at, widthOf(one.text), backwards, room), of: [one] }
    groups.push(next)
    // Joined ones may touch their neighbours in turn.
    for (let last = groups.at(-2), now = groups.at(-1); last && now && last.right + BETWEEN_PX > now.left; last = groups.at(-2), now = groups.at(-1)) {
      const of = [...last.of, ...now.of]
      const anchor = backwards ? now.at : last.at
      groups.splice(-2, 2, { at: anchor, ...reach(anchor, widthOf(joined(of.length)), backwards, room), of })
    }
  }
  return groups.map(({ left, right, of }) => ({
    kind,
    key: `${kind}-${of[0]?.promise?.id ?? of[0]?.gone?.id ?? ''}`,
    left,
    width: right - left,
    promises: of.flatMap(({ promise }) => promise ?? []),
    gone: of.flatMap(({ gone }) => gone ?? []),
  }))
}

function reach(at: number, width: number, backwards: boolean, room: { from: number; to: number }): { left: number; right: number } {
  const wanted = backwards ? at - width : at
  const left = Math.max(room.from, Math.min(wanted, room.to - width))
  return { left, right: left + Math.min(width, Math.max(NARROWEST_PX, room.to - left)) }
}

/** How far left of now the grace reaches: what lies in it is about to move. Null: nothing of the rule moves. */
export function graceFrom(promises: readonly BoardPill[], now: number): number | null {
  const spans = promises.flatMap(({ due_at, escalate_at }) => (escalate_at ? [Date.parse(escalate_at) - Date.parse(due_at)] : []))
  const usual = spans.toSorted((a, b) => a - b)[Math.floor(spans.length / 2)]
  return usual === undefined || usual <= 0 ? null : now - usual
}
