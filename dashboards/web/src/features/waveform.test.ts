import { describe, expect, it } from 'vitest'
import { peaksOf } from './waveform'

describe('the picture of a sound', () => {
  it('is the loudest moment of each part, against the loudest of all', () => {
    expect(peaksOf([0.125, -0.25, 0, 0.5, -0.375, 0.125], 3)).toEqual([0.5, 1, 0.75])
  })

  it('is flat when there is silence, and empty when there is nothing', () => {
    expect(peaksOf([0, 0], 2)).toEqual([0, 0])
    expect(peaksOf([], 3)).toEqual([])
  })
})
