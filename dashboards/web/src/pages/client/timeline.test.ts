import { describe, expect, it } from 'vitest'
import type { Callback, Interaction, OwnerChange, TimelineItem } from '@/api/types'
import { groupsOf } from './timeline'

const ALMATY = 'Asia/Almaty'
const call = (id: string, at: string): TimelineItem => ({
  kind: 'interaction',
  at,
  planned: false,
  interaction: { id, started_at: at } as Interaction,
})
const owner = (agent_id: string, from: string): OwnerChange => ({ agent_id, from, reason: 'late' }) as OwnerChange
const promise = (id: string, at: string, planned: boolean, history: OwnerChange[]): TimelineItem => ({
  kind: 'callback',
  at,
  planned,
  callback: { id, history } as Callback,
})

const told = (items: TimelineItem[], complete = true): string[] =>
  groupsOf(items, complete, ALMATY).map((group) => `${group.day === null ? 'planned' : 'day'}: ${group.events.map(({ id }) => id).join(' ')}`)

describe("a client's timeline", () => {
  it('has what is planned above, and the past day by day', () => {
    const items = [
      call('morning', '2026-10-30T04:00:00Z'),
      promise('next', '2026-11-05T06:00:00Z', true, []),
      call('evening', '2026-10-30T12:00:00Z'),
      call('before midnight', '2026-10-29T18:00:00Z'),
    ]

    expect(told(items)).toEqual(['planned: next', 'day: evening morning', 'day: before midnight'])
  })

  it('tells a move of a promise where it happened', () => {
    const moved = promise('p', '2026-11-05T06:00:00Z', true, [
      owner('ruslan', '2026-10-30T10:00:00Z'),
      owner('dinara', '2026-10-30T12:45:00Z'),
    ])

    expect(told([moved, call('talk', '2026-10-30T12:00:00Z')])).toEqual(['planned: p', 'day: p-1 talk'])
  })

  it('keeps back the moves that lie before what has been read', () => {
    const moved = promise('p', '2026-11-05T06:00:00Z', true, [
      owner('ruslan', '2026-10-01T10:00:00Z'),
      owner('dinara', '2026-10-02T10:00:00Z'),
    ])
    const items = [moved, call('talk', '2026-10-30T12:00:00Z')]

    expect(told(items, false)).toEqual(['planned: p', 'day: talk'])
    expect(told(items, true)).toEqual(['planned: p', 'day: talk', 'day: p-1'])
  })
})
