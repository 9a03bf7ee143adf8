import { describe, expect, it } from 'vitest'
import { type Finding, asCase, bySeverity, countOf, emptyCase, words } from './telephony'

const finding = (code: string, severity: Finding['severity']): Finding => ({
  code,
  subject: 'pbx main',
  severity,
  says: code,
  advice: null,
  change: null,
  interaction_id: null,
})

describe('findings', () => {
  it('stand with the worst first, each kind in the order it was looked at', () => {
    const seen = [finding('a', 'fine'), finding('b', 'fault'), finding('c', 'advice'), finding('d', 'fault')]

    expect(bySeverity(seen).map((one) => one.code)).toEqual(['b', 'd', 'c', 'a'])
    expect(countOf(seen, 'fault')).toBe(2)
  })
})

describe('a case', () => {
  it('sends words for what was typed with commas, and no row that nobody filled in', () => {
    const form = emptyCase()
    form.trunks = 'megafon, reserve'
    form.queues.push({ name: ' sales ', number: '', members: '1001 1002' })

    const sent = asCase(form, 'en')

    expect(sent.trunks).toEqual(['megafon', 'reserve'])
    expect(sent.queues).toEqual([{ name: 'sales', number: null, members: ['1001', '1002'] }])
    expect(sent.locale).toBe('en')
  })

  it('of FreePBX leaves its queues to FreePBX', () => {
    const form = { ...emptyCase(), flavour: 'freepbx' as const, queues: [{ name: 'sales', number: '1', members: '' }] }

    expect(asCase(form, 'ru').queues).toEqual([])
  })

  it('knows a word by what stands around it', () => {
    expect(words(' a,b;  c\n')).toEqual(['a', 'b', 'c'])
  })
})
