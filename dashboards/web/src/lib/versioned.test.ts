import { describe, expect, it } from 'vitest'
import { createThings } from './versioned'

const call = (version: number, state: string) => ({ id: 'call', version, state })

describe('things by id', () => {
  it('never go back in time', () => {
    const things = createThings<ReturnType<typeof call>>()
    things.put(call(3, 'active'))

    const held = things.put(call(2, 'offered'))

    expect(held.state).toBe('active')
    expect(things.get('call')?.state).toBe('active')
  })

  it('hear the same twice without a change', () => {
    const things = createThings<ReturnType<typeof call>>()
    const first = things.put(call(3, 'active'))

    expect(things.put(call(3, 'active'))).toBe(first)
  })

  it('know nothing of nobody', () => {
    expect(createThings().get(null)).toBeUndefined()
  })
})
