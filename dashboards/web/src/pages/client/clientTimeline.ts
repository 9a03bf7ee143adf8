/** A client's timeline: pages of the server, each thing in its newest version, what is new counted. */
import { type ComputedRef, type Ref, computed, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Page, TimelineItem } from '@/api/types'
import { isOwed } from '@/lib/promises'
import { useSession } from '@/stores/session'
import { useCallbacks, useInteractions } from '@/stores/things'
import { type TimelineGroup, groupsOf } from './timeline'

const PAGE = 40

export interface ClientTimeline {
  groups: ComputedRef<TimelineGroup[]>
  known: Ref<boolean>
  problem: Ref<string>
  more: ComputedRef<boolean>
  read: () => Promise<void>
  readMore: () => Promise<void>
  waiting: ComputedRef<number>
}

export function useClientTimeline(clientId: () => string): ClientTimeline {
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  const session = useSession()

  const items = shallowRef<TimelineItem[]>([])
  const next = ref<string | null>(null)
  const known = ref(false)
  const problem = ref('')

  // What was said with one client never stands under the name of another.
  watch(clientId, () => {
    items.value = []
    next.value = null
    known.value = false
  })

  async function readPage(cursor: string | null): Promise<void> {
    const id = clientId()
    try {
      const page = await api.get<Page<TimelineItem>>(`/clients/${id}/timeline`, { limit: PAGE, cursor })
      if (id !== clientId()) return
      for (const item of page.items) {
        if (item.interaction) interactions.put(item.interaction)
        if (item.callback) callbacks.put(item.callback)
      }
      items.value = cursor === null ? page.items : [...items.value, ...page.items]
      next.value = page.next
      known.value = true
      problem.value = ''
    } catch (error) {
      problem.value = sentence(error)
    }
  }

  /** As it is now: a promise that was kept meanwhile stands where it was kept. */
  function fresh(item: TimelineItem): TimelineItem {
    if (item.interaction) return { ...item, interaction: interactions.get(item.interaction.id) ?? item.interaction }
    if (!item.callback) return item
    const callback = callbacks.get(item.callback.id) ?? item.callback
    return { ...item, callback, planned: isOwed(callback), at: callback.closed_at ?? callback.due_at }
  }

  const newest = computed(() =>
    items.value.reduce((latest, item) => (item.interaction && item.interaction.id > latest ? item.interaction.id : latest), ''),
  )
  const waiting = computed(() => {
    if (!known.value) return 0
    const heard = Array.from(interactions.byId.values()).filter(
      (one) => one.client_id === clientId() && one.id > newest.value && one.merged_into === null,
    )
    return heard.length
  })

  return {
    groups: computed(() => groupsOf(items.value.map(fresh), next.value === null, session.timezone)),
    known,
    problem,
    more: computed(() => next.value !== null),
    read: () => readPage(null),
    readMore: () => readPage(next.value),
    waiting,
  }
}
