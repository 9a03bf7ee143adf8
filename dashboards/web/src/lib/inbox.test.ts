import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '@/api/conversations'
import { answerClock, asQuery, belongs, countOf, inOrder, isFolded, readFilters, sizeOf, underDays, writeFilters } from './inbox'

const NOW = Date.parse('2026-11-04T12:00:00Z')
const ME = 'me'
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString()

const conversation = (change: Partial<Conversation>): Conversation =>
  ({
    id: 'c',
    channel: 'telegram',
    agent_id: ME,
    inbox_state: 'open',
    waiting_since: null,
    answer_due_at: null,
    last_at: at(-10),
    ...change,
  }) as Conversation
const message = (change: Partial<Message>): Message => ({ id: 'm', text: '', own_text: '', at: at(0), ...change }) as Message

describe('the clock of the next answer', () => {
  it('tells how long is left in whole minutes, never none', () => {
    expect(answerClock(conversation({ answer_due_at: at(4.2) }), NOW)).toEqual({ kind: 'due', seconds: 300 })
    expect(answerClock(conversation({ answer_due_at: at(0.1) }), NOW)).toEqual({ kind: 'due', seconds: 60 })
  })
  it('tells how late the answer is, at least a minute', () => {
    expect(answerClock(conversation({ answer_due_at: at(-0.1) }), NOW)).toEqual({ kind: 'late', seconds: 60 })
    expect(answerClock(conversation({ answer_due_at: at(-9.5) }), NOW)).toEqual({ kind: 'late', seconds: 540 })
  })
  it('does not run while it is not our turn', () => {
    expect(answerClock(conversation({ answer_due_at: at(4), inbox_state: 'snoozed' }), NOW)).toBeNull()
    expect(answerClock(conversation({}), NOW)).toBeNull()
  })
})

describe('the order of the list', () => {
  it('is the clock, then who has waited longest, then what was said last', () => {
    const waits = conversation({ id: 'waits', waiting_since: at(-90) })
    const waitsLess = conversation({ id: 'waits less', waiting_since: at(-20) })
    const due = conversation({ id: 'due', waiting_since: at(-1), answer_due_at: at(5) })
    const late = conversation({ id: 'late', waiting_since: at(-2), answer_due_at: at(-1) })
    const answered = conversation({ id: 'answered', last_at: at(-30) })
    const answeredNow = conversation({ id: 'answered now', last_at: at(-3) })

    const ids = inOrder([answered, waitsLess, due, answeredNow, waits, late]).map(({ id }) => id)

    expect(ids).toEqual(['late', 'due', 'waits', 'waits less', 'answered now', 'answered'])
  })
})

describe('a view of the inbox', () => {
  it('is found again in the address', () => {
    for (const filters of [
      { view: 'mine', channel: null, q: '' },
      { view: 'snoozed', channel: 'email', q: 'Hainan' },
    ] as const)
      expect(readFilters(writeFilters(filters))).toEqual(filters)
    expect(readFilters({ view: 'nonsense', channel: ['email'] })).toEqual({ view: 'mine', channel: null, q: '' })
  })
  it('holds the same that the server was asked for', () => {
    const mine = { view: 'mine', channel: null, q: '' } as const

    expect(asQuery(mine)).toEqual({ view: 'mine' })
    expect(belongs(conversation({ inbox_state: 'waiting' }), mine, ME)).toBe(true)
    expect(belongs(conversation({ inbox_state: 'snoozed' }), mine, ME)).toBe(false)
    expect(belongs(conversation({ agent_id: 'other' }), mine, ME)).toBe(false)
    expect(belongs(conversation({ agent_id: null }), { ...mine, view: 'unassigned' }, ME)).toBe(true)
    expect(belongs(conversation({ channel: 'email' }), { ...mine, channel: 'telegram' }, ME)).toBe(false)
  })
})

it('counts the conversations of a view as far as the server did', () => {
  const counts = { mine: 4, unassigned: 0, snoozed: 0, urgent: 0, mentioned: 1000, waiting: 0, all: 0, most: 999 }

  expect((['mine', 'unassigned', 'mentioned', 'closed'] as const).map((view) => countOf(counts, view))).toEqual(['4', '', '999+', ''])
  expect(countOf(null, 'mine')).toBe('')
})

describe('what was said', () => {
  it('stands under the day of our zone on which it was said', () => {
    const late = message({ id: 'late', at: '2026-11-03T18:59:00Z' })
    const early = message({ id: 'early', at: '2026-11-03T19:01:00Z' })

    const days = underDays([late, early], 'Asia/Almaty')

    expect(days.map(({ said }) => said.map(({ id }) => id))).toEqual([['late'], ['early']])
  })
  it('is folded only when something of its own is left', () => {
    expect(isFolded(message({ text: 'Yes\n> Will you?', own_text: 'Yes' }))).toBe(true)
    expect(isFolded(message({ text: 'Yes', own_text: 'Yes\n' }))).toBe(false)
    expect(isFolded(message({ text: '> Will you?', own_text: '' }))).toBe(false)
  })
})

it('counts a file in the unit that one can read', () => {
  expect(sizeOf(900)).toEqual({ value: 900, unit: 'b' })
  expect(sizeOf(20_000)).toEqual({ value: 20, unit: 'kb' })
  expect(sizeOf(1_258_291)).toEqual({ value: 1.2, unit: 'mb' })
})
