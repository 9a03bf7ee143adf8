import { describe, expect, it } from 'vitest'
import { newSiteKey, readSkills } from './sources'

describe('a source of leads', () => {
  it('has a key that fits into an address and that nobody guesses', () => {
    const keys = Array.from({ length: 20 }, newSiteKey)
    expect(new Set(keys).size).toBe(20)
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{24}$/)
  })

  it('asks each skill once, however it was typed', () => {
    expect(readSkills(' Хайнань,  VIP ,, Хайнань')).toEqual(['Хайнань', 'VIP'])
    expect(readSkills('')).toEqual([])
  })
})
