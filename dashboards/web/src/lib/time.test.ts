import { describe, expect, it } from 'vitest'
import {
  ageOn,
  daysBetween,
  durationParts,
  fromWallClock,
  localReading,
  startOfDay,
  toLocalInput,
  wallClock,
} from './time'

const ALMATY = 'Asia/Almaty'
const at = (text: string): number => Date.parse(text)

describe('a duration is never read as a time of day', () => {
  it('is minutes and seconds under ten minutes', () => {
    expect(durationParts(0)).toEqual({ form: 'clock', text: '0:00' })
    expect(durationParts(65.9)).toEqual({ form: 'clock', text: '1:05' })
    expect(durationParts(599)).toEqual({ form: 'clock', text: '9:59' })
  })

  it('is whole minutes from ten minutes', () => {
    expect(durationParts(600)).toEqual({ form: 'minutes', minutes: 10 })
    expect(durationParts(7199)).toEqual({ form: 'minutes', minutes: 119 })
  })

  it('is hours and minutes from two hours', () => {
    expect(durationParts(7800)).toEqual({ form: 'hours', hours: 2, minutes: 10 })
  })

  it('does not run backwards when clocks disagree', () => {
    expect(durationParts(-3)).toEqual({ form: 'clock', text: '0:00' })
  })
})

describe("times are the team's, not the machine's", () => {
  it('reads the wall clock of a zone', () => {
    expect(wallClock(at('2026-10-30T21:30:00Z'), ALMATY)).toEqual({
      year: 2026,
      month: 10,
      day: 31,
      hour: 2,
      minute: 30,
    })
  })

  it('finds the moment a wall clock shows', () => {
    const tomorrowAtTen = fromWallClock({ year: 2026, month: 10, day: 31, hour: 10, minute: 0 }, ALMATY)

    expect(new Date(tomorrowAtTen).toISOString()).toBe('2026-10-31T05:00:00.000Z')
  })

  it('survives the night the clocks change', () => {
    const berlin = 'Europe/Berlin'

    const afterChange = fromWallClock({ year: 2026, month: 10, day: 25, hour: 9, minute: 0 }, berlin)

    expect(new Date(afterChange).toISOString()).toBe('2026-10-25T08:00:00.000Z')
  })

  it('gives a field and takes it back', () => {
    const moment = at('2026-10-31T05:00:00Z')

    expect(toLocalInput(moment, ALMATY)).toBe('2026-10-31T10:00')
    expect(localReading('2026-10-31T10:00', ALMATY)).toEqual({ kind: 'once', at: moment })
    expect(localReading('', ALMATY)).toEqual({ kind: 'none' })
  })

  it('counts calendar days, not spans of 24 hours', () => {
    const lateEvening = at('2026-10-30T18:59:00Z') // 23:59 in Almaty
    const justAfter = at('2026-10-30T19:01:00Z')

    expect(daysBetween(lateEvening, justAfter, ALMATY)).toBe(1)
    expect(startOfDay(justAfter, ALMATY)).toBe(at('2026-10-30T19:00:00Z'))
    expect(startOfDay(justAfter, ALMATY, 1)).toBe(at('2026-10-31T19:00:00Z'))
  })
})

describe('an age', () => {
  it('grows on the birthday', () => {
    expect(ageOn('2018-10-31', at('2026-10-30T06:00:00Z'), ALMATY)).toBe(7)
    expect(ageOn('2018-10-31', at('2026-10-31T06:00:00Z'), ALMATY)).toBe(8)
  })

  it('is unknown without a whole date', () => {
    expect(ageOn('1980', at('2026-10-31T06:00:00Z'), ALMATY)).toBeNull()
  })
})
