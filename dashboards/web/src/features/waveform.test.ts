import { describe, expect, it } from 'vitest'
import { peaksOf } from './waveform'

describe('the picture of a sound', () => {
  it('is the loudest moment of each part, against the loudest of all', () => {
    expect(peaksOf([0.1, -0.2, 0, 0.4, -0.3, 0.1], 3)).toEqual([0.5, 1, 0.75])
  })

  it('is flat when there is silence, and empty when there is nothing', () => {
    expect(peaksOf([0, 0], 2)).toEqual([0, 0])
    expect(peaksOf([], 3)).toEqual([])
  })
})
