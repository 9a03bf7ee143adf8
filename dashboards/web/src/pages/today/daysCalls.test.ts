import { describe, expect, it } from 'vitest'
import type { Interaction } from '@/api/types'
import { missedCallers, ownTalks } from './daysCalls'

let count = 0
const call = (hour: number, fields: Partial<Interaction>): Interaction =>
  ({
    id: `call-${(count += 1)}`,
    channel: 'call',
    direction: 'inbound',
    state: 'closed',
    outcome: 'abandoned',
    client_id: null,
    client_address: '+77011234567',
    agent_id: null,
    answered_at: null,
    started_at: `2026-10-30T${String(hour).padStart(2, '0')}:00:00Z`,
    ...fields,
  }) as Interaction

const talked = { outcome: 'answered', answered_at: '2026-10-30T12:00:10Z', agent_id: 'me' } as const

describe('who did not get through', () => {
  it('is one row a person, with how often they tried', () => {
    const [caller] = missedCallers([call(9, {}), call(11, {}), call(10, { outcome: 'no_answer' })])

    expect(caller?.times).toBe(3)
    expect(caller?.call.started_at).toContain('T11')
  })

  it('leaves the list once somebody has talked to them', () => {
    expect(missedCallers([call(9, {}), call(12, talked)])).toEqual([])
    expect(missedCallers([call(9, {}), call(12, { ...talked, direction: 'outbound' })])).toEqual([])
  })

  it('returns to it when they try again in vain', () => {
    expect(missedCallers([call(12, talked), call(13, {})])).toHaveLength(1)
  })

  it('keeps callers without a number apart', () => {
    expect(missedCallers([call(9, { client_address: null }), call(10, { client_address: null })])).toHaveLength(2)
  })
})

describe('own talks', () => {
  it("are not a colleague's and not going on", () => {
    const talks = ownTalks(
      [call(9, talked), call(11, talked), call(10, { ...talked, agent_id: 'other' }), call(12, { ...talked, state: 'wrap_up' })],
      'me',
    )

    expect(talks.map((one) => one.started_at.slice(11, 13))).toEqual(['11', '09'])
  })
})
