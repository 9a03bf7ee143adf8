import { describe, expect, it } from 'vitest'
import { sayHours } from './hours'
import { tagsOf } from './visit'
import { wordsIn } from './words'

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const now = new Date(2026, 10, 22, 20, 30)
const at = (day: number, hour: number): string => new Date(2026, 10, day, hour).toISOString()
const ru = (hours: object): string =>
  sayHours({ open: false, until: null, opens: null, zone, ...hours }, 'ru', wordsIn('ru'), now)

describe('when somebody is there', () => {
  it('is said until when, or that it is always', () => {
    expect(ru({ open: true, until: at(22, 22) })).toBe('Мы на связи до 22:00')
    expect(ru({ open: true })).toBe('Мы на связи')
  })

  it('is said by the day on which it will be', () => {
    expect(ru({ opens: at(22, 22) })).toBe('Откроемся сегодня в 22:00')
    expect(ru({ opens: at(23, 9) })).toBe('Откроемся завтра в 09:00')
    expect(ru({ opens: at(25, 9) })).toBe('Откроемся 25 ноября в 09:00')
    expect(ru({})).toBe('Сейчас мы не на связи')
  })
})

it('keeps of an address what belongs to a campaign and nothing else', () => {
  expect(tagsOf('?utm_source=insta&token=secret&gclid=1')).toEqual({ utm_source: 'insta', gclid: '1' })
})
