import { describe, expect, it } from 'vitest'
import type { Account } from '@/api/types'
import { asChange, asNew, formOf, madeUpPassword, withWord } from './people'

const DINARA = {
  login: 'dinara',
  name: 'Динара Абенова',
  role: 'agent',
  team: { id: 't', name: 'Продажи' },
  extension: '1001',
  queues: ['sales', 'hotline'],
  skills: ['visa', 'хайнань'],
  takes_work: true,
  enabled: true,
} as Account

describe('a person', () => {
  it('that was not changed sends nothing', () => {
    expect(asChange(formOf(DINARA), DINARA)).toEqual({})
    expect(asChange({ ...formOf(DINARA), queues: ['hotline', 'sales'] }, DINARA)).toEqual({})
  })

  it('sends what differs, and null for what was taken away', () => {
    const form = { ...formOf(DINARA), extension: ' ', role: 'supervisor' as const, enabled: false }

    expect(asChange(form, DINARA)).toEqual({ extension: null, role: 'supervisor', enabled: false })
  })

  it('keeps each skill once, whatever the spelling', () => {
    const form = { ...formOf(DINARA), skills: withWord(['visa', 'хайнань'], '  Visa ') }
    expect(asChange(form, DINARA)).toEqual({})
    expect(asChange({ ...form, skills: withWord(form.skills, 'Новый  Год') }, DINARA)).toEqual({
      skills: ['visa', 'хайнань', 'новый год'],
    })
  })

  it('gets hours of their own and loses them', () => {
    expect(asChange({ ...formOf(DINARA), calendar: 'c', takesWork: false }, DINARA)).toEqual({ calendar_id: 'c', takes_work: false })
    expect(asChange({ ...formOf(DINARA), calendar: '' }, { ...DINARA, calendar_id: 'c' })).toEqual({ calendar_id: null })
  })

  it('may be added without a password', () => {
    expect(asNew({ ...formOf(null), login: ' ruslan ', name: 'Руслан' })).toEqual({
      login: 'ruslan',
      name: 'Руслан',
      role: 'agent',
      team: null,
      extension: null,
      queues: [],
    })
  })

  it('gets a password nobody else has', () => {
    expect(madeUpPassword()).toMatch(/^(\w{4}-){3}\w{4}$/)
    expect(madeUpPassword()).not.toBe(madeUpPassword())
  })
})
