import { expect, test } from 'vitest'
import type { Leg, Recording } from '@/api/types'
import { heardIn, inOrderOfHearing, mayHear } from './recordings'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString()

const recording = (change: Partial<Recording> = {}): Recording => ({
  id: 'r1',
  started_at: at(0),
  duration_s: 10,
  available: true,
  state: 'available',
  playable: true,
  consultation: false,
  agent_ids: [],
  ...change,
})
const leg = (agent: string, from: number | null, until: number | null): Leg =>
  ({
    id: agent,
    agent_id: agent,
    agent_name: agent,
    interface: `PJSIP/${agent}`,
    role: 'queue',
    offered_at: at(0),
    answered_at: from === null ? null : at(from),
    ended_at: until === null ? null : at(until),
    result: 'answered',
  }) as Leg

test('only those who talked while it was recorded are heard in it, each once', () => {
  const legs = [leg('carl', 12, 20), leg('boris', 6, 15), leg('anna', 1, 6), leg('dina', null, 4), leg('anna', 7, 8)]

  expect(heardIn(recording(), legs).map((one) => one.agent_id)).toEqual(['anna', 'boris'])
})

test('a recording of unknown length goes on to the end', () => {
  expect(heardIn(recording({ duration_s: null }), [leg('carl', 12, null)])).toHaveLength(1)
})

test('a consultation is heard by those who took part and by those who lead', () => {
  const aside = recording({ consultation: true, agent_ids: ['anna'] })

  expect(mayHear(aside, { id: 'anna', role: 'agent' })).toBe(true)
  expect(mayHear(aside, { id: 'boris', role: 'agent' })).toBe(false)
  expect(mayHear(aside, { id: 'boris', role: 'supervisor' })).toBe(true)
  expect(mayHear(recording(), { id: 'boris', role: 'agent' })).toBe(true)
})

test('the client is heard first and in order, consultations after it', () => {
  const call = {
    recordings: [
      recording({ id: 'aside', consultation: true }),
      recording({ id: 'second', started_at: at(30) }),
      recording({ id: 'first' }),
    ],
  }

  expect(inOrderOfHearing(call).map((one) => one.id)).toEqual(['first', 'second', 'aside'])
})
