import { describe, expect, it } from 'vitest'
import type { WorkCalendar, WorkDay } from '@/api/people'
import { dayLook, formOf, hoursText, monthsFrom, newForm, nextSpan, weekParts, wireOf } from './hours'

const OFFICE = [{ opens: '09:00', closes: '18:00' }]
const CALENDAR: WorkCalendar = {
  id: 'c1',
  name: 'Office',
  zone: 'Asia/Almaty',
  country: 'KZ',
  week: [OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, [{ opens: '10:00', closes: '00:00' }], []],
  days: { '2026-12-31': [], '2026-05-08': OFFICE },
  version: 1,
  teams: [],
  people: 0,
}

describe('hours of a week', () => {
  it('says neighbouring days with the same hours as one, and nothing of closed ones', () => {
    expect(weekParts(CALENDAR.week)).toEqual([
      { from: 1, to: 5, hours: '09:00–18:00' },
      { from: 6, to: 6, hours: '10:00–24:00' },
    ])
    expect(weekParts([OFFICE, [], OFFICE])).toEqual([
      { from: 1, to: 1, hours: '09:00–18:00' },
      { from: 3, to: 3, hours: '09:00–18:00' },
    ])
  })

  it('offers the next span after the last one', () => {
    expect(nextSpan([])).toEqual({ opens: '09:00', closes: '18:00' })
    expect(nextSpan([{ opens: '09:00', closes: '13:00' }])).toEqual({ opens: '14:00', closes: '15:00' })
    expect(nextSpan([{ opens: '09:00', closes: '22:00' }])).toEqual({ opens: '23:00', closes: '00:00' })
  })
})

describe('a calendar being edited', () => {
  it('goes back to the server as it came', () => {
    const { name, zone, country, week, days } = CALENDAR
    expect(wireOf(formOf(CALENDAR))).toEqual({ name, zone, country, week, days })
  })

  it('leaves out a day without a date', () => {
    expect(wireOf({ ...newForm('UTC'), days: [{ day: '', hours: [] }] }).days).toEqual({})
  })
})

describe('a day of a month', () => {
  const told = new Map<string, WorkDay>([
    ['2026-05-07', { day: '2026-05-07', hours: [], rule: 'holiday' }],
    ['2026-05-08', { day: '2026-05-08', hours: [], rule: 'holiday' }],
    ['2026-05-10', { day: '2026-05-10', hours: OFFICE, rule: 'working_weekend' }],
  ])
  const look = (day: string, country: 'KZ' | '' = 'KZ'): string => {
    const { rule, hours } = dayLook(day, { ...formOf(CALENDAR), country }, told)
    return `${rule} ${hoursText(hours)}`.trim()
  }

  it('follows its own hours first, then the country, then the week', () => {
    expect(look('2026-05-08')).toBe('own 09:00–18:00')
    expect(look('2026-05-07')).toBe('holiday')
    expect(look('2026-05-10')).toBe('working_weekend 09:00–18:00')
    expect(look('2026-05-11')).toBe('week 09:00–18:00')
  })

  it('knows no holidays once the country is taken away', () => {
    expect(look('2026-05-07', '')).toBe('week 09:00–18:00')
  })

  it('stands under its weekday, over the turn of a year', () => {
    const [december, january] = monthsFrom('2026-12-15', 2)
    expect([december?.lead, december?.days.length, december?.days[0]]).toEqual([1, 31, '2026-12-01'])
    expect([january?.year, january?.month, january?.lead]).toEqual([2027, 1, 4])
  })
})
