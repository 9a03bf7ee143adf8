import { describe, expect, it } from 'vitest'
import { unfilled } from './places'

describe('the places of a ready answer', () => {
  it('are found where nothing was known to fill them', () => {
    expect(unfilled('Hotel {{trip.hotel}}, {{ agent.name }}')).toEqual([
      { name: 'trip.hotel', start: 6, end: 20 },
      { name: 'agent.name', start: 22, end: 38 },
    ])
  })
  it('are no braces of somebody else', () => {
    expect(unfilled('{{price}} {{tripXhotel}} {trip.hotel}')).toEqual([])
  })
})
