import { describe, expect, it } from 'vitest'
import type { Interaction } from '@/api/types'
import { asQuery, belongs, isNarrowed, readFilters, spanOf, writeFilters } from './filters'

const ALMATY = 'Asia/Almaty'
const NOW = Date.parse('2026-10-30T12:47:00Z') // 17:47 in Almaty
const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

const CALL = {
  channel: 'call',
  direction: 'inbound',
  outcome: 'abandoned',
  queues: ['sales', 'hotline'],
  agent_id: 'dinara',
  client_id: 'aigerim',
  disposition: null,
  merged_into: null,
  started_at: '2026-10-30T08:00:00Z',
} as Interaction

describe('filters in the address', () => {
  it('come back as they were written', () => {
    const address = { period: 'week', outcome: 'abandoned', queue: 'sales' }

    expect(writeFilters(readFilters(address))).toEqual(address)
  })

  it('pass over what nobody of us wrote', () => {
    const filters = readFilters({ period: 'ever', direction: 'sideways', outcome: ['busy'], manager: '', call: 'x' })

    expect(isNarrowed(filters)).toBe(false)
  })

  it('lead to the calls of which part was not heard', () => {
    const filters = readFilters({ complete: 'no' })

    expect(asQuery(filters, { from: null, to: null }).complete).toBe('false')
    expect(belongs({ ...CALL, complete: false }, filters, { from: null, to: null })).toBe(true)
    expect(belongs({ ...CALL, complete: true }, filters, { from: null, to: null })).toBe(false)
    expect(readFilters({ complete: 'maybe' }).complete).toBe(null)
  })

  it('put days in their order', () => {
    expect(readFilters({ period: '2026-10-09..2026-10-01' }).period).toBe('2026-10-01..2026-10-09')
  })
})

describe('a period', () => {
  it('begins and ends at midnight where the team is', () => {
    const yesterday = spanOf('yesterday', NOW, ALMATY)

    expect([iso(yesterday.from), iso(yesterday.to)]).toEqual(['2026-10-28T19:00:00.000Z', '2026-10-29T19:00:00.000Z'])
  })

  it('of days has both in it', () => {
    const days = spanOf('2026-10-01..2026-10-02', NOW, ALMATY)

    expect([iso(days.from), iso(days.to)]).toEqual(['2026-09-30T19:00:00.000Z', '2026-10-02T19:00:00.000Z'])
  })
})

describe('a call that was heard of', () => {
  const all = readFilters({})
  const always = spanOf(null, NOW, ALMATY)

  it('belongs to the list when every filter says so', () => {
    expect(belongs(CALL, all, always)).toBe(true)
    expect(belongs(CALL, readFilters({ queue: 'sales', manager: 'dinara', outcome: 'abandoned' }), always)).toBe(true)
    expect(belongs(CALL, readFilters({ queue: 'vip' }), always)).toBe(false)
    expect(belongs(CALL, all, spanOf('yesterday', NOW, ALMATY))).toBe(false)
  })

  it('does not when it was folded into another or is a letter', () => {
    expect(belongs({ ...CALL, merged_into: 'other' }, all, always)).toBe(false)
    expect(belongs({ ...CALL, channel: 'email' }, all, always)).toBe(false)
  })

  it('is asked for by the names of the API', () => {
    const query = asQuery(readFilters({ manager: 'dinara', client: 'aigerim' }), always)

    expect(query).toMatchObject({ channel: 'call', agent_id: 'dinara', client_id: 'aigerim', from: null })
  })
})
