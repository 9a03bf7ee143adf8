import { describe, expect, it } from 'vitest'
import { type Due, type TimeWish, dueOf, isAsleep } from './callbackTimes'

const ALMATY = 'Asia/Almaty'
const NOW = Date.parse('2026-10-30T12:47:00Z') // 17:47 in Almaty, 08:47 in New York
const HERE = { own: ALMATY, client: null }
const THERE = { own: ALMATY, client: 'America/New_York' }
const BERLIN = { own: 'Europe/Berlin', client: null }

const wish = (fields: Partial<TimeWish>): TimeWish => ({ choice: 'tomorrow', other: '', whose: 'own', second: null, ...fields })
const iso = (due: Due): string => (due.kind === 'moment' ? new Date(due.at).toISOString() : due.kind)

describe('when the next contact is promised', () => {
  it('is soon, in an hour, or tomorrow at ten by our own clock', () => {
    expect(iso(dueOf(wish({ choice: 'soon' }), NOW, HERE))).toBe('2026-10-30T12:57:00.000Z')
    expect(iso(dueOf(wish({ choice: 'hour' }), NOW, HERE))).toBe('2026-10-30T13:47:00.000Z')
    expect(iso(dueOf(wish({}), NOW, HERE))).toBe('2026-10-31T05:00:00.000Z')
  })

  it('tomorrow of the last day is the first of the month', () => {
    expect(iso(dueOf(wish({}), Date.parse('2026-10-31T15:00:00Z'), HERE))).toBe('2026-11-01T05:00:00.000Z')
  })

  it("tomorrow at ten by the client's clock is their tomorrow and their ten", () => {
    expect(iso(dueOf(wish({ whose: 'client' }), NOW, THERE))).toBe('2026-10-31T14:00:00.000Z')
  })

  it("counts by our clock while nobody knows the client's", () => {
    expect(iso(dueOf(wish({ whose: 'client' }), NOW, HERE))).toBe('2026-10-31T05:00:00.000Z')
  })

  it('is any other time once it is written, said to the server as the clock shows it', () => {
    expect(dueOf(wish({ choice: 'other' }), NOW, HERE).kind).toBe('none')
    const due = dueOf(wish({ choice: 'other', other: '2026-11-04T04:10' }), NOW, HERE)

    expect(iso(due)).toBe('2026-11-03T23:10:00.000Z')
    expect(due.kind === 'moment' && due.request).toEqual({ due_local: { time: '2026-11-04T04:10', zone: ALMATY } })
  })
})

describe('an hour that the clocks skip or show twice', () => {
  it('is skipped: the nearest before and after are offered', () => {
    const due = dueOf(wish({ choice: 'other', other: '2026-03-29T02:30' }), NOW, BERLIN)

    expect(due).toMatchObject({
      kind: 'missing',
      before: Date.parse('2026-03-29T00:59:00Z'),
      after: Date.parse('2026-03-29T01:00:00Z'),
    })
  })

  it('is shown twice: it waits for an answer, and takes it', () => {
    const doubled = { choice: 'other', other: '2026-10-25T02:30' } as const

    expect(dueOf(wish(doubled), NOW, BERLIN).kind).toBe('doubled')
    expect(iso(dueOf(wish({ ...doubled, second: false }), NOW, BERLIN))).toBe('2026-10-25T00:30:00.000Z')
    const second = dueOf(wish({ ...doubled, second: true }), NOW, BERLIN)
    expect(iso(second)).toBe('2026-10-25T01:30:00.000Z')
    expect(second.kind === 'moment' && second.request).toMatchObject({ due_local: { second: true } })
  })

  it('is neither a minute before and after the change', () => {
    for (const other of ['2026-03-29T01:59', '2026-03-29T03:00', '2026-10-25T01:59', '2026-10-25T03:00']) {
      expect(dueOf(wish({ choice: 'other', other }), NOW, BERLIN).kind).toBe('moment')
    }
  })

  it('is known of a day of twenty-five hours that no summer made: Almaty, the night to 1 March 2024', () => {
    expect(dueOf(wish({ choice: 'other', other: '2024-02-29T23:30' }), NOW, HERE).kind).toBe('doubled')
  })
})

it('people sleep from ten in the evening to eight in the morning', () => {
  expect(isAsleep(Date.parse('2026-10-30T02:59:00Z'), ALMATY)).toBe(true)
  expect(isAsleep(Date.parse('2026-10-30T03:00:00Z'), ALMATY)).toBe(false)
  expect(isAsleep(Date.parse('2026-10-30T16:59:00Z'), ALMATY)).toBe(false)
  expect(isAsleep(Date.parse('2026-10-30T17:00:00Z'), ALMATY)).toBe(true)
})
