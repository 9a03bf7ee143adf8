/** Calls as rows under the days they happened on. Pure. */
import type { Interaction } from '@/api/types'
import { startOfDay } from '@/lib/time'

export type LogRow = { kind: 'day'; id: string; at: number } | { kind: 'call'; id: string; call: Interaction }

export function underDays(calls: readonly Interaction[], zone: string): LogRow[] {
  const rows: LogRow[] = []
  let day = Number.NaN
  for (const call of calls) {
    const start = startOfDay(Date.parse(call.started_at), zone)
    if (start !== day) rows.push({ kind: 'day', id: `day-${start}`, at: start })
    day = start
    rows.push({ kind: 'call', id: call.id, call })
  }
  return rows
}
