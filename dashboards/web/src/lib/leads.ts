/** A lead as the screen shows it: what it waits for, in which order, and what may be done. Pure. */
import type { Lead, LeadStage } from '@/api/leads'
import type { IconName } from '@/ui/icons'
import type { Tone } from '@/ui/tones'

export const STAGES: readonly LeadStage[] = ['new', 'in_work', 'offer', 'won', 'lost']
/** Where its owner may say it is. */
export const OPEN_STAGES = ['in_work', 'offer'] as const satisfies readonly LeadStage[]

export type LeadWait = 'accept' | 'overdue' | 'nobody' | 'work' | 'won' | 'lost'

export const isClosed = (lead: Lead): boolean => lead.closed_at !== null

/** What happens with it now. */
export function waitsFor(lead: Lead, now: number): LeadWait {
  if (lead.stage === 'won' || lead.stage === 'lost') return lead.stage
  if (lead.owner_id === null) return 'nobody'
  if (lead.accepted_at !== null) return 'work'
  return lead.accept_by !== null && Date.parse(lead.accept_by) <= now ? 'overdue' : 'accept'
}

export const WAITS: Readonly<Record<LeadWait, { tone: Tone; icon: IconName }>> = {
  accept: { tone: 'due', icon: 'due' },
  overdue: { tone: 'late', icon: 'late' },
  nobody: { tone: 'late', icon: 'late' },
  work: { tone: 'neutral', icon: 'clock' },
  won: { tone: 'ok', icon: 'ok' },
  lost: { tone: 'offline', icon: 'close' },
}

export const mayAccept = (lead: Lead, me: string): boolean =>
  !isClosed(lead) && (lead.owner_id === null || (lead.owner_id === me && lead.accepted_at === null))

/** One's own, or as a supervisor. */
export const mayGiveOn = (lead: Lead, me: string, leads: boolean): boolean => !isClosed(lead) && (leads || lead.owner_id === me)

const rank = (lead: Lead): number => (isClosed(lead) ? 3 : lead.accepted_at === null ? (lead.owner_id === null ? 0 : 1) : 2)

/** What waits for somebody stands first, the oldest before all; then what is worked on, the newest first. */
export function inOrder(leads: readonly Lead[]): Lead[] {
  return leads.toSorted((a, b) => {
    const ranks = rank(a) - rank(b)
    if (ranks !== 0) return ranks
    const age = Date.parse(a.created_at) - Date.parse(b.created_at) || a.id.localeCompare(b.id)
    return rank(a) < 2 ? age : -age
  })
}
