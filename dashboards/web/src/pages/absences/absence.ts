/** An absence as it is written: whole days as a rule, since that is how people go away. Pure. */
import type { AbsenceKind } from '@/api/people'
import { DAY_S, localReading, toLocalInput } from '@/lib/time'

export const KINDS: readonly AbsenceKind[] = ['vacation', 'sick', 'training', 'other']

export interface AbsenceForm {
  person: string
  kind: AbsenceKind
  /** `YYYY-MM-DD` */
  from: string
  /** The last day away; empty: nobody knows. */
  to: string
  note: string
}

/** The moments an absence of whole days covers: to the end of its last one. Null: these are no days. */
export function momentsOf(form: AbsenceForm, zone: string): { from_at: string; to_at: string | null } | null {
  const from = beginning(form.from, zone)
  const to = form.to ? beginning(dayAfter(form.to), zone) : null
  if (from === null || (form.to && form.to < form.from)) return null
  return { from_at: new Date(from).toISOString(), to_at: to === null ? null : new Date(to).toISOString() }
}

export const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00Z`) + DAY_S * 1000).toISOString().slice(0, 10)

/** `YYYY-MM-DD` of the day a moment lies in, and of the last day away: an absence to midnight ends with the day before. */
export const dayOf = (at: string, zone: string): string => toLocalInput(Date.parse(at), zone).slice(0, 10)
export const lastDay = (to: string, zone: string): string => toLocalInput(Date.parse(to) - 1, zone).slice(0, 10)

/** The first moment of a day, also where the clocks jump over its midnight or show it twice. */
function beginning(day: string, zone: string): number | null {
  const reading = localReading(`${day}T00:00`, zone)
  switch (reading.kind) {
    case 'none':
      return null
    case 'once':
      return reading.at
    case 'missing':
      return reading.after
    case 'doubled':
      return reading.first
  }
}
