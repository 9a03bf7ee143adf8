import { describe, expect, it } from 'vitest'
import { codeFrom, finished, isNamed, moved } from './catalogue'

describe('the order of a list', () => {
  it('changes by one place or to the end, and not past it', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b', 'c'], 1, 9)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
  })
})

describe('a code', () => {
  it('is made of the English name and is nobody else’s', () => {
    expect(codeFrom('Offer sent!', [])).toBe('OFFER_SENT')
    expect(codeFrom('Offer sent', ['OFFER_SENT', 'OFFER_SENT_2'])).toBe('OFFER_SENT_3')
    expect(codeFrom('1st visit', [])).toBe('ST_VISIT')
    expect(codeFrom('***', [])).toBe('ITEM')
  })

  it('is given once, to what is new', () => {
    const labels = { ru: ' Думает ', en: 'Thinking' }
    const items = finished([
      { code: 'THINKING', labels, enabled: true },
      { code: '', labels, enabled: true },
      { code: '', labels, enabled: true },
    ])

    expect(items.map((item) => item.code)).toEqual(['THINKING', 'THINKING_2', 'THINKING_3'])
    expect(items[0]?.labels.ru).toBe('Думает')
  })
})

describe('a name', () => {
  it('is needed in both languages', () => {
    expect(isNamed({ ru: 'Думает', en: ' ' })).toBe(false)
    expect(isNamed({ ru: 'Думает', en: 'Thinking' })).toBe(true)
  })
})
