/**
 * What the log is narrowed to. It lives in the address of the page, so that a link, «back» and a
 * reload show the same rows; whatever the address holds that is none of ours is passed over. Pure.
 */
import type { Direction, Interaction, Outcome } from '@/api/types'
import { dayMoment, fromWallClock, startOfDay } from '@/lib/time'

export const PERIODS = ['today', 'yesterday', 'week', 'month'] as const
export type NamedPeriod = (typeof PERIODS)[number]
/** A named period, or days `2026-10-01..2026-10-30`, both included. */
export type Period = NamedPeriod | `${string}..${string}`

export const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound', 'internal']
export const OUTCOMES: readonly Outcome[] = [
  'answered',
  'abandoned',
  'short_abandoned',
  'no_answer',
  'busy',
  'voicemail',
  'failed',
]

export interface CallFilters {
  period: Period | null
  direction: Direction | null
  outcome: Outcome | null
  disposition: string | null
  queue: string | null
  manager: string | null
  client: string | null
  /** `no`: only calls of which part was not heard. */
  complete: 'no' | null
}
export type FilterName = keyof CallFilters

export const FILTER_NAMES: readonly FilterName[] = [
  'period',
  'direction',
  'outcome',
  'disposition',
  'queue',
  'manager',
  'client',
  'complete',
]

const DAYS = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/

const among = <T extends string>(value: string | null, known: readonly T[]): T | null =>
  known.find((one) => one === value) ?? null

export function daysOf(period: Period | null): { first: string; last: string } | null {
  const [, first, last] = DAYS.exec(period ?? '') ?? []
  if (!first || !last || Number.isNaN(dayMoment(first)) || Number.isNaN(dayMoment(last))) return null
  return first <= last ? { first, last } : { first: last, last: first }
}

function periodOf(value: string | null): Period | null {
  const days = daysOf(value as Period | null)
  return days ? `${days.first}..${days.last}` : among(value, PERIODS)
}

export type AddressQuery = Readonly<Record<string, unknown>>

export function readFilters(query: AddressQuery): CallFilters {
  const one = (name: FilterName): string | null => {
    const value = query[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  return {
    period: periodOf(one('period')),
    direction: among(one('direction'), DIRECTIONS),
    outcome: among(one('outcome'), OUTCOMES),
    disposition: one('disposition'),
    queue: one('queue'),
    manager: one('manager'),
    client: one('client'),
    complete: among(one('complete'), ['no']),
  }
}

export function writeFilters(filters: CallFilters): Record<string, string> {
  return Object.fromEntries(
    FILTER_NAMES.flatMap((name) => (filters[name] === null ? [] : [[name, filters[name]]])),
  )
}

export const isNarrowed = (filters: CallFilters): boolean => FILTER_NAMES.some((name) => filters[name] !== null)

/** Milliseconds; `from ≤ started < to`, null is without an end. */
export interface Span {
  from: number | null
  to: number | null
}

const midnight = (day: string, later: number, zone: string): number => {
  const [year, month, dayOfMonth] = day.split('-').map(Number) as [number, number, number]
  return fromWallClock({ year, month, day: dayOfMonth + later, hour: 0, minute: 0 }, zone)
}

export function spanOf(period: Period | null, now: number, zone: string): Span {
  const days = daysOf(period)
  if (days) return { from: midnight(days.first, 0, zone), to: midnight(days.last, 1, zone) }
  switch (period) {
    case 'today':
      return { from: startOfDay(now, zone), to: null }
    case 'yesterday':
      return { from: startOfDay(now, zone, -1), to: startOfDay(now, zone) }
    case 'week':
      return { from: startOfDay(now, zone, -6), to: null }
    case 'month':
      return { from: startOfDay(now, zone, -29), to: null }
    default:
      return { from: null, to: null }
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** The filters as the API knows them. */
export function asQuery(filters: CallFilters, span: Span): Record<string, string | null> {
  return {
    channel: 'call',
    direction: filters.direction,
    outcome: filters.outcome,
    disposition: filters.disposition,
    queue: filters.queue,
    agent_id: filters.manager,
    client_id: filters.client,
    complete: filters.complete === null ? null : 'false',
    from: iso(span.from),
    to: iso(span.to),
  }
}

/** Whether a call we hear of belongs to the list, by the same rules as the server's. */
export function belongs(call: Interaction, filters: CallFilters, span: Span): boolean {
  const at = Date.parse(call.started_at)
  return (
    call.channel === 'call' &&
    call.merged_into === null &&
    (filters.direction === null || call.direction === filters.direction) &&
    (filters.outcome === null || call.outcome === filters.outcome) &&
    (filters.disposition === null || call.disposition?.code === filters.disposition) &&
    (filters.queue === null || call.queues.includes(filters.queue)) &&
    (filters.manager === null || call.agent_id === filters.manager) &&
    (filters.client === null || call.client_id === filters.client) &&
    (filters.complete === null || !call.complete) &&
    (span.from === null || at >= span.from) &&
    (span.to === null || at < span.to)
  )
}
