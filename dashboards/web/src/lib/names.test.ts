import { describe, expect, it } from 'vitest'
import { initials, shortName } from './names'

describe('a name made short', () => {
  it('keeps the first name and a letter of the second', () => {
    expect(shortName('Руслан Каримов')).toBe('Руслан К.')
  })

  it('leaves companies and couples whole', () => {
    expect(shortName('ТОО «Алтын Дала»')).toBe('ТОО «Алтын Дала»')
    expect(shortName('Ольга и Марат Ким')).toBe('Ольга и Марат Ким')
    expect(shortName('Айгерим')).toBe('Айгерим')
  })

  it('becomes two letters at most', () => {
    expect(initials('Динара Абенова')).toBe('ДА')
    expect(initials('«Алтын»')).toBe('')
  })
})
