import { describe, expect, it } from 'vitest'
import type { Interaction } from '@/api/types'
import { callLook } from './callLook'

const call = (fields: Partial<Interaction>): Interaction =>
  ({ direction: 'inbound', state: 'closed', outcome: 'answered', ...fields }) as Interaction

describe('the state of a call', () => {
  it('has a colour only when something asks for attention', () => {
    expect(callLook(call({})).tone).toBe('neutral')
    expect(callLook(call({ outcome: 'abandoned' })).tone).toBe('late')
    expect(callLook(call({ outcome: 'short_abandoned' })).tone).toBe('neutral')
    expect(callLook(call({ outcome: 'no_answer', direction: 'outbound' })).tone).toBe('neutral')
  })

  it('is told while it goes on', () => {
    expect(callLook(call({ state: 'offered', outcome: null })).word).toBe('calls.state.ringing')
    expect(callLook(call({ state: 'offered', outcome: null, direction: 'outbound' })).word).toBe('calls.state.dialling')
    expect(callLook(call({ state: 'wrap_up' })).tone).toBe('wrapup')
  })

  it('is unsure when the end was not heard', () => {
    expect(callLook(call({ outcome: null })).word).toBe('calls.state.unsure')
  })
})
