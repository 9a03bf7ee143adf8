import { expect, it } from 'vitest'
import type { Conversation, Message } from '@/api/conversations'
import type { Callback, Interaction } from '@/api/types'
import { between, inThread } from './between'

const conversation = (change: Partial<Conversation> = {}): Conversation =>
  ({ client_id: 'aigul', inbox_state: 'open', started_at: '2026-11-04T10:00:00Z', last_at: '2026-11-04T12:00:00Z', ...change }) as Conversation
const call = (id: string, at: string, change: Partial<Interaction> = {}): Interaction =>
  ({ id, channel: 'call', direction: 'inbound', client_id: 'aigul', merged_into: null, started_at: at, ...change }) as Interaction
const ids = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id)

it('tells of the calls with the client who writes, from the days before it until now', () => {
  const calls = [
    call('yesterday', '2026-11-03T10:00:00Z'),
    call('meanwhile', '2026-11-04T11:00:00Z'),
    call('long ago', '2026-10-01T10:00:00Z'),
    call('of another', '2026-11-04T11:00:00Z', { client_id: 'boris' }),
    call('about them', '2026-11-04T11:00:00Z', { direction: 'internal' }),
    call('a mail', '2026-11-04T11:00:00Z', { channel: 'email' }),
    call('after the end', '2026-11-05T10:00:00Z'),
  ]

  expect(ids(between(conversation(), calls, []))).toEqual(['yesterday', 'meanwhile', 'after the end'])
  expect(ids(between(conversation({ inbox_state: 'closed' }), calls, []))).toEqual(['yesterday', 'meanwhile'])
  expect(between(conversation({ client_id: null }), calls, [])).toEqual([])
})

it('tells when a promise changed hands and when it was kept, each where it happened', () => {
  const promise = {
    id: 'promise',
    client_id: 'aigul',
    closed_at: '2026-11-04T11:30:00Z',
    history: [
      { agent_id: 'anna', from: '2026-11-04T10:30:00Z' },
      { agent_id: 'boris', from: '2026-11-04T10:50:00Z' },
    ],
  } as Callback
  const message = { id: 'message', at: '2026-11-04T11:00:00Z' } as Message

  expect(ids(inThread([message], between(conversation(), [], [promise])))).toEqual(['promise-1', 'message', 'promise'])
})
