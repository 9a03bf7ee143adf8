import { describe, expect, it } from 'vitest'
import type { Client, ContactPoint } from '@/api/types'
import { isWhatWasAsked } from './clientSearch'

const point = (kind: ContactPoint['kind'], value: string): ContactPoint => ({
  id: value,
  kind,
  value,
  typed: value,
  label: null,
  verified: false,
  unreachable_at: null,
})
const AIGERIM = {
  name: 'Сулейменова Айгерим',
  contact_points: [point('phone', '+77011234567'), point('email', 'aigerim@mail.test')],
} as Client

describe('what was found', () => {
  it('is what was asked for when its name, number or address holds it', () => {
    for (const asked of ['айгерим', 'суле айг', '1234567', '8 701 123-45-67', 'Aigerim@']) {
      expect(isWhatWasAsked(AIGERIM, asked), asked).toBe(true)
    }
  })

  it('is only alike when it was found in spite of a slip', () => {
    expect(isWhatWasAsked(AIGERIM, 'Сулеменова')).toBe(false)
    expect(isWhatWasAsked(AIGERIM, '7777777')).toBe(false)
  })

  it("is believed when it is another's client, whose number is not told", () => {
    const restricted = { ...AIGERIM, contact_points: [], restricted: true }

    expect(isWhatWasAsked(restricted, '8 701 123')).toBe(true)
    expect(isWhatWasAsked(restricted, 'Ahmetova')).toBe(false)
  })

  it('takes ё and е for one letter', () => {
    expect(isWhatWasAsked({ ...AIGERIM, name: 'Пётр Орлов' }, 'петр')).toBe(true)
  })
})
