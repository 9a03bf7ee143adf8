import { describe, expect, it } from 'vitest'
import type { Interaction } from '@/api/types'
import { liveKind } from './desk'

const ME = 'me'
const call = (fields: Partial<Interaction>): Interaction =>
  ({
    id: 'call',
    channel: 'call',
    direction: 'inbound',
    state: 'active',
    agent_id: ME,
    answered_at: '2026-10-30T12:00:00Z',
    merged_into: null,
    ...fields,
  }) as Interaction

describe('what a call is to the person at the desk', () => {
  it('is a talk while they are on it, and wrap-up after it', () => {
    expect(liveKind(call({}), ME)).toBe('talking')
    expect(liveKind(call({ state: 'wrap_up' }), ME)).toBe('wrap_up')
  })

  it("is nothing when it is another's, closed, folded or written", () => {
    expect(liveKind(call({ agent_id: 'another' }), ME)).toBeNull()
    expect(liveKind(call({ state: 'closed' }), ME)).toBeNull()
    expect(liveKind(call({ merged_into: 'survivor' }), ME)).toBeNull()
    expect(liveKind(call({ channel: 'email' }), ME)).toBeNull()
  })

  it('is dialling until the client answers', () => {
    expect(liveKind(call({ direction: 'outbound', answered_at: null }), ME)).toBe('dialling')
    expect(liveKind(call({ direction: 'outbound' }), ME)).toBe('talking')
  })
})
