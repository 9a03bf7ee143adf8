import { describe, expect, it } from 'vitest'
import { type Memory, patience, takeWord } from './oncePerBrowser'

function memory(): Memory {
  const kept = new Map<string, string>()
  return {
    get length() {
      return kept.size
    },
    key: (index) => Array.from(kept.keys())[index] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

describe('one word for all tabs of a browser', () => {
  it('is taken by the first to ask', () => {
    const shared = memory()

    expect(takeWord('due:1:4', 1000, shared)).toBe(true)
    expect(takeWord('due:1:4', 1001, shared)).toBe(false)
    expect(takeWord('due:1:5', 1002, shared)).toBe(true)
  })

  it('does not fill the memory', () => {
    const shared = memory()
    takeWord('old', 0, shared)
    takeWord('new', 3_600_000, shared)

    expect(shared.length).toBe(1)
  })

  it('belongs to the tab somebody looks at', () => {
    expect(patience('looked_at', 0.99)).toBe(0)
    expect(patience('visible', 0)).toBeGreaterThan(0)
    expect(patience('hidden', 0)).toBeGreaterThan(patience('looked_at', 0.99))
  })
})
