import { describe, expect, it } from 'vitest'
import type { Interaction, Leg } from '@/api/types'
import { underDays } from './rows'
import { storyOf } from './story'

const leg = (id: string, offered: number, fields: Partial<Leg>): Leg =>
  ({ id, offered_at: at(offered), answered_at: null, ended_at: null, result: null, ...fields }) as Leg
const at = (second: number): string => new Date(Date.parse('2026-10-30T12:00:00Z') + second * 1000).toISOString()

describe('the story of a call', () => {
  it('tells who was offered it, who answered, and its end, in their order', () => {
    const call = {
      started_at: at(0),
      ended_at: at(120),
      legs: [
        leg('aliya', 22, { answered_at: at(30), ended_at: at(120), result: 'answered' }),
        leg('ruslan', 4, { ended_at: at(19), result: 'no_answer' }),
      ],
    } as unknown as Interaction

    const story = storyOf(call)

    expect(story.map((step) => [step.kind, step.after])).toEqual([['began', 0], ['leg', 4], ['leg', 22], ['ended', 120]])
    expect(story[1]).toMatchObject({ rangS: 15, talkedS: null })
    expect(story[2]).toMatchObject({ rangS: 8, talkedS: 90 })
  })

  it('has no end while it goes on', () => {
    expect(storyOf({ started_at: at(0), ended_at: null, legs: [] } as unknown as Interaction)).toHaveLength(1)
  })
})

describe('rows of the log', () => {
  it('stand under their day, as the team counts days', () => {
    const calls = ['2026-10-30T19:30:00Z', '2026-10-30T18:30:00Z', '2026-10-30T10:00:00Z'].map(
      (started_at, index) => ({ id: String(index), started_at }) as Interaction,
    )

    expect(underDays(calls, 'Asia/Almaty').map((row) => row.kind)).toEqual(['day', 'call', 'day', 'call', 'call'])
  })
})
