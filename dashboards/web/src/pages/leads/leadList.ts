/** The leads of one view, newest versions from the store; what comes in while it is open waits to be shown. */
import { type ComputedRef, type Ref, computed } from 'vue'
import type { Lead, LeadStage } from '@/api/leads'
import { type HeldPages, useHeldPages } from '@/lib/heldPages'
import { STAGES, inOrder, isClosed } from '@/lib/leads'
import { useLeads } from '@/stores/leads'
import { useSession } from '@/stores/session'

const PAGE = 100

export type LeadView = 'open' | 'nobody' | LeadStage
export const VIEWS: readonly LeadView[] = ['open', 'nobody', ...STAGES]

export interface LeadListFilters {
  view: LeadView
  source: string | null
  q: string
}

const one = (value: unknown): string | null => (typeof value === 'string' && value ? value : null)

export function readFilters(query: Readonly<Record<string, unknown>>): LeadListFilters {
  const view = one(query.view)
  return { view: VIEWS.find((known) => known === view) ?? 'open', source: one(query.source), q: one(query.q) ?? '' }
}
export function writeFilters({ view, source, q }: LeadListFilters): Record<string, string> {
  return { ...(view === 'open' ? {} : { view }), ...(source ? { source } : {}), ...(q ? { q } : {}) }
}

const asked = ({ view, source, q }: LeadListFilters) => ({
  ...(view === 'open' ? { open: true } : view === 'nobody' ? { open: true, unassigned: true } : { stage: view }),
  ...(source ? { source } : {}),
  ...(q ? { q } : {}),
  limit: PAGE,
})

const belongs = (lead: Lead, { view, source }: LeadListFilters): boolean => {
  if (source && lead.source !== source) return false
  if (view === 'open') return !isClosed(lead)
  if (view === 'nobody') return !isClosed(lead) && lead.owner_id === null
  return lead.stage === view
}

export interface LeadList extends Omit<HeldPages, 'ids' | 'readAt'> {
  rows: ComputedRef<Lead[]>
}

export function useLeadList(filters: Ref<LeadListFilters>): LeadList {
  const session = useSession()
  const leads = useLeads()
  const { ids, readAt, ...pages } = useHeldPages<Lead>('/leads', () => asked(filters.value), leads.putAll)

  const mayBeMine = (lead: Lead): boolean => lead.owner_id === null || lead.owner_id === session.user?.id || session.leads
  /** What came by an event after the list was read belongs to it as well, unless a search asked for something else. */
  const fresh = (lead: Lead): boolean =>
    filters.value.q === '' && Date.parse(lead.created_at) >= readAt.value - 60_000 && mayBeMine(lead)

  return {
    ...pages,
    rows: computed(() => {
      const held = pages.known.value ? Array.from(leads.byId.values()) : []
      return inOrder(held.filter((lead) => (ids.value.has(lead.id) || fresh(lead)) && belongs(lead, filters.value)))
    }),
  }
}
