import { describe, expect, it } from 'vitest'
import type { Callback } from '@/api/types'
import { mayTake, readFilters, writeFilters } from './missed'

describe('filters in the address', () => {
  it('asks for today’s open callers when nothing is said', () => {
    expect(readFilters({})).toEqual({ state: 'open', kind: null, queue: null, team: null, period: 'today' })
    expect(writeFilters(readFilters({}))).toEqual({})
  })
  it('comes back as it went', () => {
    const query = { state: 'reached', kind: 'busy', queue: 'sales', team: '0190aaaa-0001-7000-8000-000000000001', period: 'week' }
    expect(writeFilters(readFilters(query))).toEqual(query)
  })
  it('passes over what it does not know', () => {
    expect(readFilters({ state: 'lost', kind: 'odd', queue: ['a'], team: 'north', period: '' })).toEqual(readFilters({}))
  })
})

describe('who may take a promise', () => {
  const promise = (what: Partial<Callback>): Callback => ({ state: 'open', agent_id: null, queue: null, ...what }) as Callback
  const queues = new Set(['sales'])
  it.each([
    [null, false],
    [promise({ agent_id: 'me' }), true],
    [promise({ agent_id: 'other', queue: 'sales' }), false],
    [promise({ queue: 'sales' }), true],
    [promise({ queue: 'visa' }), false],
    [promise({ agent_id: 'me', state: 'kept' }), false],
  ])('%#', (given, may) => {
    expect(mayTake(given, 'me', queues)).toBe(may)
  })
})
