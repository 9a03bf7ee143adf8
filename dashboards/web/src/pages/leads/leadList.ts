/** The leads of one view, newest versions from the store; what comes in while it is open waits to be shown. */
import { type ComputedRef, type Ref, computed, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { Lead, LeadStage } from '@/api/leads'
import type { Page } from '@/api/types'
import { STAGES, inOrder, isClosed } from '@/lib/leads'
import { useReading } from '@/lib/reading'
import { useLink } from '@/live/link'
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

export interface LeadList {
  rows: ComputedRef<Lead[]>
  known: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  more: ComputedRef<boolean>
  read: () => Promise<void>
  readMore: () => Promise<void>
}

export function useLeadList(filters: Ref<LeadListFilters>): LeadList {
  const session = useSession()
  const link = useLink()
  const leads = useLeads()
  const ids = shallowRef<ReadonlySet<string>>(new Set())
  const next = ref<string | null>(null)
  const known = ref(false)
  const { problem, read: readFrom } = useReading()
  let readAt = 0

  const take = (cursor: string | null): Promise<void> =>
    readFrom(
      () => api.get<Page<Lead>>('/leads', { ...asked(filters.value), ...(cursor ? { cursor } : {}) }),
      (page) => {
        leads.putAll(page.items)
        ids.value = new Set([...(cursor ? ids.value : []), ...page.items.map(({ id }) => id)])
        next.value = page.next
        known.value = true
        if (!cursor) readAt = Date.now()
      },
    )
  const read = (): Promise<void> => take(null)

  watch(() => link.generation, read, { immediate: true })

  const mayBeMine = (lead: Lead): boolean => lead.owner_id === null || lead.owner_id === session.user?.id || session.leads
  /** What came by an event after the list was read belongs to it as well, unless a search asked for something else. */
  const fresh = (lead: Lead): boolean => filters.value.q === '' && Date.parse(lead.created_at) >= readAt - 60_000 && mayBeMine(lead)

  return {
    rows: computed(() => {
      const held = known.value ? Array.from(leads.byId.values()) : []
      return inOrder(held.filter((lead) => (ids.value.has(lead.id) || fresh(lead)) && belongs(lead, filters.value)))
    }),
    known,
    problem,
    more: computed(() => next.value !== null),
    read,
    readMore: () => take(next.value),
  }
}
