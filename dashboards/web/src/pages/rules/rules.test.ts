import { describe, expect, it } from 'vitest'
import type { Policy } from '@/api/policies'
import { blank, isName, isSame, lastMonth, ruleOf, settled, spanParts } from './rules'

describe('a time in the sentence', () => {
  it('is told in the largest unit in which it is whole', () => {
    expect(spanParts(45)).toEqual({ number: 45, unit: 'seconds' })
    expect(spanParts(90)).toEqual({ number: 90, unit: 'seconds' })
    expect(spanParts(5400)).toEqual({ number: 90, unit: 'minutes' })
    expect(spanParts(7200)).toEqual({ number: 2, unit: 'hours' })
    expect(spanParts(72 * 3600)).toEqual({ number: 72, unit: 'hours' })
    expect(spanParts(7 * 86_400)).toEqual({ number: 7, unit: 'days' })
    expect(spanParts(0)).toEqual({ number: 0, unit: 'seconds' })
  })
})

describe('a rule being edited', () => {
  const soft: Policy = {
    ...blank(null),
    action: 'unlock',
    grace_s: 600,
    takeover_after_s: 259_200,
    max_moves: 0,
    name: 'soft-72h',
    version: 1,
    sentence: { ru: '', en: '' },
    created_at: '2026-11-01T00:00:00Z',
    by: null,
    by_name: null,
  }

  it('says in one place when the supervisor may take a promise', () => {
    expect(ruleOf(soft)).toMatchObject({ grace_s: 259_200, takeover_after_s: null, max_moves: null })
  })

  it('keeps only what its action looks at', () => {
    expect(settled({ ...blank(null), action: 'notify' })).toMatchObject({ max_moves: null, cooldown_s: 0 })
    expect(settled({ ...blank(null), attempts: 3 })).toMatchObject({ retry_after_s: 1800 })
    expect(settled({ ...blank(null), attempts: 1, retry_after_s: 60 })).toMatchObject({ retry_after_s: null })
  })

  it('is the same when it was changed back', () => {
    expect(isSame(ruleOf(soft), ruleOf({ ...soft, version: 2 }))).toBe(true)
    expect(isSame(ruleOf(soft), ruleOf({ ...soft, team: 'Sales' }))).toBe(false)
  })

  it('has a name of small letters, digits and dashes', () => {
    expect(['vip-3m', '72h', 'a.b_c'].map(isName)).toEqual([true, true, true])
    expect(['', 'a', 'VIP', 'два слова', '-x'].map(isName)).toEqual([false, false, false, false, false])
  })
})

it('last month is thirty days to this minute', () => {
  expect(lastMonth(Date.parse('2026-11-22T04:05:36Z'))).toEqual({ from: '2026-10-23T04:05:00.000Z', to: '2026-11-22T04:05:00.000Z' })
})
