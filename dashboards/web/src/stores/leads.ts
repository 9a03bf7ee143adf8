/** Leads by id, and whether one has just come to this desk. Those of one's own that wait are read once, then kept true. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api } from '@/api/client'
import type { Lead } from '@/api/leads'
import type { Page } from '@/api/types'
import { isClosed, mayAccept } from '@/lib/leads'
import { createThings } from '@/lib/versioned'
import { useSession } from './session'

const MOST = 200

export const useLeads = defineStore('leads', () => {
  const session = useSession()
  const things = createThings<Lead>()
  /** The last that came to this desk. */
  const came = shallowRef<Lead | null>(null)

  const me = (): string => session.user?.id ?? ''

  /** An event of the desk: whatever has just become ours to accept is to be noticed. */
  function heard(lead: Lead): void {
    const before = things.get(lead.id)
    const held = things.put(lead)
    const ours = held.owner_id === me() && mayAccept(held, me())
    if (held === lead && ours && before?.given_at !== lead.given_at) came.value = lead
  }
  async function load(): Promise<void> {
    const pages = await Promise.all([
      api.get<Page<Lead>>('/leads', { owner_id: me(), open: true, limit: MOST }),
      ...(session.leads ? [api.get<Page<Lead>>('/leads', { unassigned: true, open: true, limit: MOST })] : []),
    ])
    pages.forEach((page) => things.putAll(page.items))
  }
  /** Nobody can take them, or nobody would: whoever leads must act. */
  const stuck = computed(() =>
    session.leads
      ? Array.from(things.byId.values()).filter((lead) => !isClosed(lead) && lead.owner_id === null && lead.nobody_since !== null)
      : [],
  )
  const toAccept = computed(() =>
    Array.from(things.byId.values()).filter((lead) => lead.owner_id === me() && !isClosed(lead) && lead.accepted_at === null),
  )
  return { ...things, came, heard, load, toAccept, stuck }
})
