/** The day's calls, sorted into what still asks for something. Pure. */
import type { Interaction } from '@/api/types'
import { isLost } from '@/lib/interactions'

export interface MissedCaller {
  /** The last of their calls. */
  call: Interaction
  times: number
}

const startOf = (call: Interaction): number => Date.parse(call.started_at)
const newestFirst = (a: Interaction, b: Interaction): number => startOf(b) - startOf(a)
const caller = (call: Interaction): string => call.client_id ?? call.client_address ?? call.id

/** Who did not get through and has not been talked to since, the most recent first, each person once. */
export function missedCallers(calls: readonly Interaction[]): MissedCaller[] {
  const reachedAt = new Map<string, number>()
  for (const call of calls) {
    if (!call.answered_at) continue
    reachedAt.set(caller(call), Math.max(reachedAt.get(caller(call)) ?? 0, startOf(call)))
  }
  const missed = new Map<string, MissedCaller>()
  for (const call of calls.filter(isLost).toSorted(newestFirst)) {
    if ((reachedAt.get(caller(call)) ?? 0) > startOf(call)) continue
    const known = missed.get(caller(call))
    if (known) known.times += 1
    else missed.set(caller(call), { call, times: 1 })
  }
  return Array.from(missed.values())
}

/** One's own finished talks, the most recent first. */
export function ownTalks(calls: readonly Interaction[], me: string): Interaction[] {
  return calls
    .filter((call) => call.channel === 'call' && call.agent_id === me && call.answered_at && call.state === 'closed')
    .toSorted(newestFirst)
}
