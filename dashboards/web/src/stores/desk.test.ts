import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Callback, Card, Interaction, Leg, Offer, User } from '@/api/types'
import { liveKind, useDesk } from './desk'
import { useSession } from './session'
import { useInteractions } from './things'

const ME = 'me'
const AT = '2026-10-30T12:00:00Z'
const CARD: Card = { client: null, candidates: [], callbacks: [], family: [], trips: [], deals: [], recent: [] }

const call = (fields: Partial<Interaction> = {}): Interaction =>
  ({
    id: 'call',
    channel: 'call',
    direction: 'inbound',
    state: 'active',
    agent_id: ME,
    client_id: null,
    started_at: AT,
    answered_at: AT,
    ended_at: null,
    path: [],
    merged_into: null,
    queue: null,
    legs: [],
    version: 1,
    ...fields,
  }) as Interaction

const leg = (fields: Partial<Leg> = {}): Leg =>
  ({ id: 'leg', agent_id: ME, offered_at: AT, answered_at: null, ended_at: null, ...fields }) as Leg

const ringing = (fields: Partial<Interaction> = {}): Interaction =>
  call({ state: 'offered', agent_id: null, answered_at: null, legs: [leg()], ...fields })

const offer = (fields: Partial<Offer> = {}): Offer => ({
  interaction: ringing(),
  card: CARD,
  agent_id: ME,
  leg_id: 'leg',
  ...fields,
})

describe('what a call is to the person at the desk', () => {
  it('is a talk while they are on it, and wrap-up after it', () => {
    expect(liveKind(call(), ME)).toBe('talking')
    expect(liveKind(call({ state: 'wrap_up' }), ME)).toBe('wrap_up')
  })

  it("is nothing when it is another's, closed, folded or written", () => {
    expect(liveKind(call({ agent_id: 'another' }), ME)).toBeNull()
    expect(liveKind(call({ state: 'closed' }), ME)).toBeNull()
    expect(liveKind(call({ merged_into: 'survivor' }), ME)).toBeNull()
    expect(liveKind(call({ channel: 'email' }), ME)).toBeNull()
  })

  it('is dialling until the client answers', () => {
    expect(liveKind(call({ direction: 'outbound', answered_at: null }), ME)).toBe('dialling')
    expect(liveKind(call({ direction: 'outbound' }), ME)).toBe('talking')
  })
})

describe('the live contact', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    useSession().user = { id: ME } as User
  })
  afterEach(() => vi.useRealTimers())

  it('rings once a leg, however often it is told', () => {
    const desk = useDesk()

    desk.offered(offer(), Date.parse(AT))
    desk.offered(offer(), Date.parse(AT))

    expect(desk.live.map(({ kind }) => kind)).toEqual(['ringing'])
    expect(desk.current?.card).toEqual(CARD)
  })

  it("does not pop another's ring on a supervisor's desk", () => {
    const desk = useDesk()

    desk.offered(offer({ agent_id: 'another' }), Date.parse(AT))

    expect(desk.current).toBeNull()
  })

  it('does not pop a ring that is told late and is over by now', () => {
    const desk = useDesk()

    desk.offered(offer({ interaction: ringing({ legs: [leg({ ended_at: AT })] }) }), Date.parse(AT))
    desk.offered(offer({ interaction: ringing({ state: 'closed', version: 2 }) }), Date.parse(AT))

    expect(desk.current).toBeNull()
  })

  it('goes on ringing for the client when the consultation it rang for became their call', () => {
    const desk = useDesk()
    desk.offered(offer({ interaction: ringing({ id: 'consultation', direction: 'internal' }) }), Date.parse(AT))

    useInteractions().put(call({ agent_id: 'another', legs: [leg()] }))
    desk.changed(useInteractions().put(call({ id: 'consultation', state: 'closed', merged_into: 'call', version: 2 })))

    expect(desk.live.map(({ kind, interaction }) => [kind, interaction.id])).toEqual([['ringing', 'call']])
  })

  it('leaves one line for four seconds when it is answered elsewhere', () => {
    const desk = useDesk()
    desk.offered(offer(), Date.parse(AT))

    desk.withdrawn({ interaction_id: 'call', agent_id: ME, leg_id: 'leg', result: 'answered_elsewhere' })

    expect(desk.current).toBeNull()
    expect(desk.gone?.result).toBe('answered_elsewhere')
    vi.advanceTimersByTime(4000)
    expect(desk.gone).toBeNull()
  })

  it('becomes a talk, wrap-up, and nothing, in its own time', () => {
    const desk = useDesk()
    const interactions = useInteractions()
    desk.offered(offer(), Date.parse(AT))

    desk.answered({ interaction: call({ version: 2 }), agent_id: ME, leg_id: 'leg' })
    expect(desk.current?.kind).toBe('talking')

    desk.changed(interactions.put(call({ state: 'wrap_up', ended_at: AT, version: 3 })))
    expect(desk.current?.kind).toBe('wrap_up')

    desk.changed(interactions.put(call({ state: 'closed', version: 4 })))
    expect(desk.current).toBeNull()
  })

  it('stays the talk while a second call rings, which waits in its line', () => {
    const desk = useDesk()
    desk.answered({ interaction: call(), agent_id: ME, leg_id: 'leg' })

    desk.offered(offer({ interaction: ringing({ id: 'second', legs: [leg({ id: 'leg-2' })] }), leg_id: 'leg-2' }), 0)

    expect(desk.current?.kind).toBe('talking')
    expect(desk.others.map(({ interaction }) => interaction.id)).toEqual(['second'])

    desk.chooseNext()
    expect(desk.current?.interaction.id).toBe('second')
  })

  it('gives way to a ring when it only waits for its outcome', () => {
    const desk = useDesk()
    desk.changed(useInteractions().put(call({ state: 'wrap_up', ended_at: AT })))

    desk.offered(offer({ interaction: ringing({ id: 'second' }) }), 0)

    expect(desk.current?.interaction.id).toBe('second')
    expect(desk.others.map(({ kind }) => kind)).toEqual(['wrap_up'])
  })
})

describe('a promise that asks for attention', () => {
  const promise = (by: string | null = null): Callback => ({ id: 'promise', history: [{ by }], version: 2 }) as Callback
  const moved = (from: string, to: string) => ({ callback: promise(), from_agent_id: from, to_agent_id: to, explanation: '' })

  beforeEach(() => {
    setActivePinia(createPinia())
    useSession().user = { id: ME } as User
  })

  it('has come to me, or gone from me', () => {
    const desk = useDesk()

    desk.promiseMoved(promise(), moved('another', ME))
    expect(desk.nudge?.kind).toBe('came')
    desk.promiseMoved(promise(), moved(ME, 'another'))
    expect(desk.nudge?.kind).toBe('left')
  })

  it('is no news to who gave it away, nor to a supervisor who only sees it go by', () => {
    const desk = useDesk()

    desk.promiseMoved(promise(ME), moved(ME, 'another'))
    desk.promiseMoved(promise(), moved('another', 'a third'))

    expect(desk.nudge).toBeNull()
  })
})
