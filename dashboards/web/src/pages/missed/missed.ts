/** What the list of missed callers is narrowed to, and how a row of it is known. Pure. */
import type { Callback, MissedCaller, MissedKind, MissedState } from '@/api/types'

export const STATES: readonly (MissedState | 'all')[] = ['open', 'reached', 'done', 'all']
export const KINDS: readonly MissedKind[] = ['abandoned', 'short_abandoned', 'no_answer', 'busy', 'voicemail']
export const PERIODS = ['today', 'week'] as const

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface MissedFilters {
  state: MissedState | 'all'
  kind: MissedKind | null
  queue: string | null
  team: string | null
  period: (typeof PERIODS)[number]
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const id = (value: unknown): string | null => (typeof value === 'string' && UUID.test(value) ? value : null)

/** From the address of the page; what it does not know is passed over. */
export function readFilters(query: Readonly<Record<string, unknown>>): MissedFilters {
  return {
    state: STATES.find((one) => one === query.state) ?? 'open',
    kind: KINDS.find((one) => one === query.kind) ?? null,
    queue: text(query.queue),
    team: id(query.team),
    period: PERIODS.find((one) => one === query.period) ?? 'today',
  }
}

/** Back into the address, without what goes without saying. */
export function writeFilters(filters: MissedFilters): Record<string, string> {
  return {
    ...(filters.state === 'open' ? {} : { state: filters.state }),
    ...(filters.kind ? { kind: filters.kind } : {}),
    ...(filters.queue ? { queue: filters.queue } : {}),
    ...(filters.team ? { team: filters.team } : {}),
    ...(filters.period === 'today' ? {} : { period: filters.period }),
  }
}

/** A caller stays the same row however often they try again. */
export const callerId = (row: MissedCaller): string => row.client_id ?? row.client_address ?? row.interaction_id

/** May this person take the promise: it is theirs, or their queue's. */
export function mayTake(promise: Callback | null, me: string, queues: ReadonlySet<string>): promise is Callback {
  if (promise === null || (promise.state !== 'open' && promise.state !== 'claimed')) return false
  if (promise.agent_id !== null) return promise.agent_id === me
  return promise.queue !== null && queues.has(promise.queue)
}
