import { describe, expect, it } from 'vitest'
import type { Callback, Interaction, OwnerChange } from '@/api/types'
import { fateOf, keptByTalk, lostTo, pressing, theirZone } from './promises'

const ALMATY = 'Asia/Almaty'
const NOW = Date.parse('2026-10-30T12:47:00Z') // 17:47 in Almaty
const MINUTE = 60_000
const at = (minutes: number): string => new Date(NOW + minutes * MINUTE).toISOString()

const promise = (fields: Partial<Callback> = {}): Callback =>
  ({
    id: 'one',
    state: 'open',
    agent_id: 'dinara',
    due_at: at(-9),
    escalate_at: at(1),
    takeover_at: null,
    forgiven_s: 0,
    nobody_since: null,
    history: [],
    ...fields,
  }) as Callback
const owned = (agent_id: string, explanation = ''): OwnerChange => ({ agent_id, explanation }) as OwnerChange

describe('how pressing a promise is', () => {
  it('ends with the day of the team, not of the machine', () => {
    const at2359 = promise({ due_at: '2026-10-30T18:59:00Z' })
    const midnight = promise({ due_at: '2026-10-30T19:00:00Z' })

    expect(pressing(at2359, NOW, ALMATY)).toBe('due')
    expect(pressing(midnight, NOW, ALMATY)).toBe('later')
    expect(pressing(promise(), NOW, ALMATY)).toBe('late')
  })
})

describe('which promise a talk keeps', () => {
  const talk = { id: 'talk', answered_at: at(0) } as Interaction

  it('is the one due first, as soon as the client is on the line', () => {
    const later = promise({ id: 'later', due_at: at(60) })

    expect(keptByTalk([later, promise()], talk)?.id).toBe('one')
    expect(keptByTalk([later, promise()], { ...talk, answered_at: null })).toBeNull()
  })

  it('is the one it has kept, whichever was heard of first', () => {
    const kept = promise({ id: 'kept', state: 'kept', kept_in: 'talk', due_at: at(60) })

    expect(keptByTalk([promise(), kept], talk)?.id).toBe('kept')
    expect(keptByTalk([promise(), kept], { ...talk, answered_at: null })?.id).toBe('kept')
  })

  it('is none that was made in it, or that is due in more than a day', () => {
    expect(keptByTalk([promise({ promised_in: 'talk' }), promise({ due_at: at(24 * 60 + 1) })], talk)).toBeNull()
  })
})

describe('what happens to a promise by itself', () => {
  it('is told from the stored moment, and that our downtime is in it', () => {
    expect(fateOf(promise(), NOW, false)).toEqual({ kind: 'moves', at: NOW + MINUTE, forgiven: false })
    expect(fateOf(promise({ forgiven_s: 1800 }), NOW, false)).toMatchObject({ forgiven: true })
  })

  it('is not told of what is far away', () => {
    expect(fateOf(promise({ due_at: at(180), escalate_at: at(190) }), NOW, false).kind).toBe('none')
  })

  it('is nothing while somebody talks with the client or is calling them', () => {
    expect(fateOf(promise(), NOW, true).kind).toBe('talking')
    expect(fateOf(promise({ state: 'claimed' }), NOW, false).kind).toBe('claimed')
  })

  it('when its time is over: it moves now, waits for somebody, or stays', () => {
    expect(fateOf(promise({ escalate_at: at(-0.1) }), NOW, false).kind).toBe('moving')
    expect(fateOf(promise({ escalate_at: at(-5), nobody_since: at(-5) }), NOW, false).kind).toBe('nobody')
    expect(fateOf(promise({ escalate_at: at(-5) }), NOW, false).kind).toBe('stays')
  })

  it('without a policy that moves it is only the right of the supervisor', () => {
    const never = { escalate_at: null, takeover_at: at(4000) }

    expect(fateOf(promise(never), NOW, false)).toEqual({ kind: 'taken', at: NOW + 4000 * MINUTE })
    expect(fateOf(promise({ ...never, takeover_at: null }), NOW, false).kind).toBe('none')
    expect(fateOf(promise({ ...never, due_at: at(5) }), NOW, false).kind).toBe('none')
  })
})

describe('a promise that was mine', () => {
  const moved = promise({ agent_id: 'aigul', history: [owned('dinara'), owned('aigul', 'late')] })

  it('says to whom it went and why', () => {
    expect(lostTo(moved, 'dinara')?.explanation).toBe('late')
  })

  it('is nobody else’s loss: not of who has it, nor of who never had it', () => {
    expect(lostTo(moved, 'aigul')).toBeNull()
    expect(lostTo(moved, 'boris')).toBeNull()
    expect(lostTo({ ...moved, state: 'kept' }, 'dinara')).toBeNull()
  })
})

it("tells the client's clock only where it shows another time", () => {
  const in_ = (client_timezone: string | null): string | null => theirZone(promise({ client_timezone }), ALMATY)

  expect(in_('America/New_York')).toBe('America/New_York')
  expect(in_('Asia/Tashkent')).toBeNull()
  expect(in_(null)).toBeNull()
})
