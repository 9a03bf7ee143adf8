import { describe, expect, it } from 'vitest'
import type { Lead } from '@/api/leads'
import { inOrder, mayAccept, mayGiveOn, waitsFor } from './leads'

const NOON = Date.parse('2026-11-21T12:00:00Z')
const at = (minutes: number): string => new Date(NOON + minutes * 60_000).toISOString()

function lead(id: string, fields: Partial<Lead> = {}): Lead {
  return {
    id,
    client_id: null,
    client_name: null,
    candidates: [],
    name: null,
    address: '+77011234567',
    email: null,
    source: 'PHONE',
    source_titles: { ru: 'Телефон', en: 'Telephone' },
    campaign: {},
    subject: null,
    note: null,
    language: null,
    destination: null,
    skills: [],
    stage: 'new',
    team_id: null,
    team_name: null,
    owner_id: null,
    owner_name: null,
    repeats: 0,
    given_at: null,
    accept_by: null,
    accepted_at: null,
    call_at: null,
    moves: 0,
    nobody_since: null,
    lost_reason: null,
    closed_at: null,
    created_at: at(-10),
    version: 1,
    ...fields,
  }
}

describe('a lead', () => {
  it('waits for somebody, to be accepted, or is worked on', () => {
    expect(waitsFor(lead('a'), NOON)).toBe('nobody')
    expect(waitsFor(lead('a', { owner_id: 'me', accept_by: at(3) }), NOON)).toBe('accept')
    expect(waitsFor(lead('a', { owner_id: 'me', accept_by: at(0) }), NOON)).toBe('overdue')
    expect(waitsFor(lead('a', { owner_id: 'me', accepted_at: at(-1), stage: 'offer' }), NOON)).toBe('work')
    expect(waitsFor(lead('a', { stage: 'lost', closed_at: at(-1) }), NOON)).toBe('lost')
  })

  it('is accepted by whoever was given it, or by anybody while it is nobody’s', () => {
    expect(mayAccept(lead('a'), 'me')).toBe(true)
    expect(mayAccept(lead('a', { owner_id: 'me' }), 'me')).toBe(true)
    expect(mayAccept(lead('a', { owner_id: 'other' }), 'me')).toBe(false)
    expect(mayAccept(lead('a', { owner_id: 'me', accepted_at: at(-1) }), 'me')).toBe(false)
    expect(mayAccept(lead('a', { stage: 'won', closed_at: at(-1) }), 'me')).toBe(false)
  })

  it('is given on by its owner or a supervisor', () => {
    expect(mayGiveOn(lead('a', { owner_id: 'me' }), 'me', false)).toBe(true)
    expect(mayGiveOn(lead('a', { owner_id: 'other' }), 'me', false)).toBe(false)
    expect(mayGiveOn(lead('a', { owner_id: 'other' }), 'me', true)).toBe(true)
  })

  it('stands before those that wait for nothing, the oldest first', () => {
    const worked = [lead('w1', { owner_id: 'me', accepted_at: at(-9), created_at: at(-9) }), lead('w2', { owner_id: 'me', accepted_at: at(-3), created_at: at(-3) })]
    const given = lead('g', { owner_id: 'me', accept_by: at(2), created_at: at(-1) })
    const free = [lead('f1', { created_at: at(-8) }), lead('f2', { created_at: at(-20) })]

    expect(inOrder([...worked, given, ...free]).map(({ id }) => id)).toEqual(['f2', 'f1', 'g', 'w2', 'w1'])
  })
})
