/** What stands beside a recording: who is heard in it, and who may hear it. Pure. */
import type { Interaction, Leg, Recording } from '@/api/types'

const moment = (at: string | null): number => (at === null ? Number.POSITIVE_INFINITY : Date.parse(at))

/** The people of ours who talked while it was recorded, in the order they came, each once. */
export function heardIn(recording: Recording, legs: readonly Leg[]): Leg[] {
  const from = Date.parse(recording.started_at)
  const until = recording.duration_s === null ? Number.POSITIVE_INFINITY : from + recording.duration_s * 1000
  const talked = legs.filter((leg) => {
    if (recording.consultation) return leg.agent_id !== null && recording.agent_ids.includes(leg.agent_id)
    return leg.answered_at !== null && leg.role !== 'consult' && moment(leg.answered_at) < until && moment(leg.ended_at) > from
  })
  const first = new Map<string, Leg>()
  for (const leg of talked.toSorted((a, b) => moment(a.answered_at) - moment(b.answered_at))) {
    const who = leg.agent_id ?? leg.interface
    if (!first.has(who)) first.set(who, leg)
  }
  return Array.from(first.values())
}

/** A consultation is private: those who took part hear it, and whoever leads them. */
export function mayHear(recording: Recording, me: { id: string; role: string } | null): boolean {
  if (!recording.consultation) return true
  return me !== null && (me.role !== 'agent' || recording.agent_ids.includes(me.id))
}

/** Recordings in the order they are heard: the client's talk from its beginning, consultations after it. */
export function inOrderOfHearing(call: Pick<Interaction, 'recordings'>): Recording[] {
  return call.recordings.toSorted(
    (a, b) => Number(a.consultation) - Number(b.consultation) || Date.parse(a.started_at) - Date.parse(b.started_at),
  )
}
