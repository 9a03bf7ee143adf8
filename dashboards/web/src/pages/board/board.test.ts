import { describe, expect, it } from 'vitest'
import type { BoardPill, PromiseMove } from '@/api/board'
import { graceFrom, placed, share, ticks, windowAround } from './board'

const NOW = Date.parse('2026-10-30T12:47:06Z')
const MINUTE = 60_000
const at = (minutes: number): string => new Date(NOW + minutes * MINUTE).toISOString()
const pill = (id: string, due: number, more: Partial<BoardPill> = {}): BoardPill =>
  ({ id, due_at: at(due), escalate_at: at(due + 10), client_name: 'Ержанов', ...more }) as BoardPill
const move = (id: string, minutes: number): PromiseMove => ({ id, at: at(minutes) }) as PromiseMove

const window = windowAround(NOW)
const track = { width: 600, window, now: NOW }
const words = { promise: () => 'Ержанов', joined: (count: number) => `${count} обещания` }
const lane = (promises: BoardPill[], gone: PromiseMove[] = []) => placed(promises, gone, track, words)
const nowAt = share(NOW, window) * track.width

describe('the window', () => {
  it('stands still for some minutes, so that pills do not creep', () => {
    expect(windowAround(NOW)).toEqual(windowAround(NOW + MINUTE))
    expect(windowAround(NOW)).not.toEqual(windowAround(NOW + 5 * MINUTE))
  })
  it('has ticks that are whole on the clock of the zone', () => {
    const almaty = 5 * 60 * MINUTE
    const kathmandu = (5 * 60 + 45) * MINUTE
    expect(ticks(window, almaty).map((tick) => new Date(tick + almaty).getUTCMinutes())).toEqual([0, 30, 0, 30, 0, 30, 0, 30])
    expect(ticks(window, kathmandu).every((tick) => new Date(tick + kathmandu).getUTCMinutes() % 30 === 0)).toBe(true)
  })
})

describe('pills', () => {
  it('ends what is late at its deadline and begins what is to come at it', () => {
    const [late, due] = lane([pill('a', -9), pill('b', 60)])

    expect(late).toMatchObject({ kind: 'late' })
    expect((late?.left ?? 0) + (late?.width ?? 0)).toBeCloseTo(share(NOW - 9 * MINUTE, window) * 600, -1)
    expect(due).toMatchObject({ kind: 'due' })
    expect(due?.left).toBeCloseTo(share(NOW + 60 * MINUTE, window) * 600, -1)
  })
  it('joins those that would touch, and leaves the others alone', () => {
    const drawn = lane([pill('a', 20), pill('b', 25), pill('c', 30), pill('d', 150)])

    expect(drawn.map((one) => one.promises.map(({ id }) => id))).toEqual([['a', 'b', 'c'], ['d']])
  })
  it('never lets late ones cross the line of now, nor anything leave the track', () => {
    const many = Array.from({ length: 60 }, (_, index) => pill(`p${index}`, index * 4 - 60))
    const drawn = lane(many, [move('m', -3), move('n', -59)])

    for (const one of drawn) {
      expect(one.left).toBeGreaterThanOrEqual(0)
      expect(one.left + one.width).toBeLessThanOrEqual(600)
      if (one.kind !== 'due') expect(one.left + one.width).toBeLessThanOrEqual(Math.ceil(nowAt))
    }
    expect(drawn.flatMap((one) => one.promises)).toHaveLength(60)
  })
  it('keeps what has gone beside what is late', () => {
    const [gone, late] = lane([pill('a', -3)], [move('m', -4)])

    expect([gone?.kind, late?.kind]).toEqual(['gone', 'late'])
    expect((gone?.left ?? 0) + (gone?.width ?? 0)).toBeLessThanOrEqual(late?.left ?? 0)
  })
  it('leaves room for what has gone however early and wide what is late is', () => {
    const [gone, late] = lane([pill('a', -50, { client_name: 'Константинопольская-Преображенская' })], [move('m', -58)])

    expect((gone?.left ?? 0) + (gone?.width ?? 0)).toBeLessThanOrEqual(late?.left ?? 0)
  })
  it('draws what has gone as its own', () => {
    const [gone] = lane([], [move('m', -3)])

    expect(gone).toMatchObject({ kind: 'gone', promises: [], gone: [{ id: 'm' }] })
  })
})

describe('the strip of grace', () => {
  it('is as wide as most promises have it', () => {
    expect(graceFrom([pill('a', 0), pill('b', 5), pill('c', 9, { escalate_at: at(99) })], NOW)).toBe(NOW - 10 * MINUTE)
  })
  it('is not there when nothing moves by itself', () => {
    expect(graceFrom([pill('a', 0, { escalate_at: null })], NOW)).toBeNull()
    expect(graceFrom([], NOW)).toBeNull()
  })
})
