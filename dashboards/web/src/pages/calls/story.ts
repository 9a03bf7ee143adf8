/** A call as it went, step by step: who rang, who was offered it, who answered, how it ended. Pure. */
import type { Interaction, Leg } from '@/api/types'

export type Step = {
  /** Seconds since the first sign of the call. */
  after: number
} & (
  | { kind: 'began' }
  | { kind: 'leg'; leg: Leg; rangS: number; talkedS: number | null }
  | { kind: 'ended' }
)

const seconds = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)

export function storyOf(call: Interaction): Step[] {
  const legs = call.legs
    .toSorted((a, b) => Date.parse(a.offered_at) - Date.parse(b.offered_at))
    .map((leg): Step => {
      const until = leg.answered_at ?? leg.ended_at
      return {
        kind: 'leg',
        after: seconds(call.started_at, leg.offered_at),
        leg,
        rangS: until ? seconds(leg.offered_at, until) : 0,
        talkedS: leg.answered_at && leg.ended_at ? seconds(leg.answered_at, leg.ended_at) : null,
      }
    })
  const end: Step[] = call.ended_at ? [{ kind: 'ended', after: seconds(call.started_at, call.ended_at) }] : []
  return [{ kind: 'began', after: 0 }, ...legs, ...end]
}
