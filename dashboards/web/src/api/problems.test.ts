import { describe, expect, it } from 'vitest'
import { Problem } from './client'
import { problemKey } from './problems'

const known = (key: string): boolean => key === 'problems.no_extension'

describe('a problem in words', () => {
  it('has a sentence of its own when its code is known', () => {
    expect(problemKey(new Problem(409, 'no_extension'), known)).toBe('problems.no_extension')
  })

  it('falls back to what kind of refusal it was', () => {
    expect(problemKey(new Problem(404, 'client_not_found'), known)).toBe('problems.not_found')
    expect(problemKey(new Problem(503, 'whatever'), known)).toBe('problems.server')
    expect(problemKey(new Problem(418, 'teapot'), known)).toBe('problems.unknown')
  })
})
