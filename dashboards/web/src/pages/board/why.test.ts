import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ExplainedMove } from '@/api/board'
import type { Callback, HistoryReason } from '@/api/types'
import { clocksOf, handedOver } from './why'

const at = (minute: number): string => `2026-10-30T12:${String(minute).padStart(2, '0')}:00Z`
const story = (...reasons: HistoryReason[]): Callback =>
  ({ history: reasons.map((reason, index) => ({ id: String(index), reason })) }) as Callback
const move = (more: Partial<ExplainedMove> = {}): ExplainedMove =>
  ({
    from_agent_name: 'Руслан Каримов',
    to_agent_name: 'Динара Абенова',
    state: 'open',
    closed_at: null,
    undone_at: null,
    clocks: {
      promised_at: at(0),
      due_at: at(35),
      grace_from: at(35),
      warned_at: at(25),
      escalate_at: at(45),
      at: at(45),
      late_s: 600,
      late_by: 'agent',
      forgiven_s: 0,
      gaps: [],
    },
    ...more,
  }) as ExplainedMove

beforeEach(() => setActivePinia(createPinia()))

describe('the last step from one person to another', () => {
  it.each([
    [story('promised'), undefined],
    [story('promised', 'given'), undefined],
    [story('promised', 'late'), '1'],
    [story('promised', 'late', 'taken_over', 'undone'), '3'],
    [undefined, undefined],
  ])('%#', (promise, step) => expect(handedOver(promise)?.id).toBe(step))
})

describe('the clocks of a move', () => {
  it('stand in order, the deadline and the move in colour', () => {
    const lines = clocksOf(move())

    expect(lines.map((line) => line.at)).toEqual([at(0), at(25), at(35), at(45)])
    expect(lines.map((line) => line.mark)).toEqual(['plain', 'plain', 'late', 'late'])
  })
  it('tell of the outage that was given back, of the way back, and of a promise kept', () => {
    const gaps = [{ from: at(36), to: at(38) }]
    const lines = clocksOf(move({ clocks: { ...move().clocks, gaps }, undone_at: at(47), state: 'kept', closed_at: at(50) }))

    expect(lines.map((line) => line.at)).toEqual([at(0), at(25), at(35), at(36), at(38), at(45), at(47), at(50)])
    expect(lines.at(-1)?.mark).toBe('ok')
  })
  it('say nothing of a deadline still ahead when somebody gave it away in time', () => {
    const lines = clocksOf(move({ clocks: { ...move().clocks, at: at(20), warned_at: null, grace_from: null, late_s: null } }))

    expect(lines.map((line) => line.at)).toEqual([at(0), at(20)])
  })
})
