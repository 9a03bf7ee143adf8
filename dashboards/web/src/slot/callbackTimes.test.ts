import { describe, expect, it } from 'vitest'
import { dueAt } from './callbackTimes'

const ALMATY = 'Asia/Almaty'
const NOW = Date.parse('2026-10-30T12:47:00Z') // 17:47 in Almaty
const iso = (moment: number | null): string => new Date(moment ?? Number.NaN).toISOString()

describe('when the next contact is promised', () => {
  it('is soon, in an hour, or tomorrow at ten in the zone of the team', () => {
    expect(iso(dueAt('soon', '', NOW, ALMATY))).toBe('2026-10-30T12:57:00.000Z')
    expect(iso(dueAt('hour', '', NOW, ALMATY))).toBe('2026-10-30T13:47:00.000Z')
    expect(iso(dueAt('tomorrow', '', NOW, ALMATY))).toBe('2026-10-31T05:00:00.000Z')
  })

  it('tomorrow of the last day is the first of the month', () => {
    const lastEvening = Date.parse('2026-10-31T15:00:00Z')

    expect(iso(dueAt('tomorrow', '', lastEvening, ALMATY))).toBe('2026-11-01T05:00:00.000Z')
  })

  it('is any other time once it is written', () => {
    expect(dueAt('other', '', NOW, ALMATY)).toBeNull()
    expect(iso(dueAt('other', '2026-11-04T04:10', NOW, ALMATY))).toBe('2026-11-03T23:10:00.000Z')
  })
})
