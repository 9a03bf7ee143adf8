import { describe, expect, it } from 'vitest'
import { type AbsenceForm, dayAfter, dayOf, lastDay, momentsOf } from './absence'

const form = (from: string, to: string): AbsenceForm => ({ person: 'p', kind: 'vacation', from, to, note: '' })

describe('an absence of whole days', () => {
  it('lasts from the first midnight to the end of its last day', () => {
    expect(momentsOf(form('2026-12-30', '2026-12-31'), 'Asia/Almaty')).toEqual({
      from_at: '2026-12-29T19:00:00.000Z',
      to_at: '2026-12-31T19:00:00.000Z',
    })
  })

  it('may have no end yet', () => {
    expect(momentsOf(form('2026-12-30', ''), 'UTC')).toEqual({ from_at: '2026-12-30T00:00:00.000Z', to_at: null })
  })

  it('is none when it ends before it begins, or has no day', () => {
    expect(momentsOf(form('2026-12-30', '2026-12-29'), 'UTC')).toBeNull()
    expect(momentsOf(form('', ''), 'UTC')).toBeNull()
  })

  it('is read back as the days it was written for', () => {
    const moments = momentsOf(form('2026-12-30', '2026-12-31'), 'Asia/Almaty')
    expect([dayOf(moments?.from_at ?? '', 'Asia/Almaty'), lastDay(moments?.to_at ?? '', 'Asia/Almaty')]).toEqual(['2026-12-30', '2026-12-31'])
  })

  it('counts days over the turn of a year', () => {
    expect(dayAfter('2026-12-31')).toBe('2027-01-01')
  })
})
