/** Times within which a queue answers, as its settings hold them: only what is not as usual. */
import type { AnswerWithin } from '@/api/types'

export type Written = 'webchat' | 'telegram' | 'email'
export type Turn = 'first_s' | 'next_s'

/** The most impatient first. */
export const CHANNELS: readonly Written[] = ['webchat', 'telegram', 'email']

/** What the server holds to where a queue says nothing. */
export const USUAL_MINUTES: Record<Written, Record<Turn, number>> = {
  webchat: { first_s: 2, next_s: 5 },
  telegram: { first_s: 15, next_s: 30 },
  email: { first_s: 240, next_s: 240 },
}

/** The same with one of them changed; null is as usual, and a channel all as usual is left out. */
export function within(times: AnswerWithin, channel: Written, turn: Turn, seconds: number | null): AnswerWithin {
  const said = { first_s: null, next_s: null, ...times[channel], [turn]: seconds }
  const { [channel]: _, ...others } = times
  return said.first_s === null && said.next_s === null ? others : { ...others, [channel]: said }
}
