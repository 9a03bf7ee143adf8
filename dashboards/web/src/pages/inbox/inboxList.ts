/** The conversations of one view, newest versions from the store; what comes in while it is open waits to be shown. */
import { type ComputedRef, type Ref, computed } from 'vue'
import type { Conversation } from '@/api/conversations'
import { type HeldPages, useHeldPages } from '@/lib/heldPages'
import { type InboxFilters, asQuery, belongs, inOrder } from '@/lib/inbox'
import { useConversations } from '@/stores/conversations'
import { useSession } from '@/stores/session'

const PAGE = 100

export interface InboxList extends Omit<HeldPages, 'ids' | 'readAt'> {
  rows: ComputedRef<Conversation[]>
}

export function useInboxList(filters: Ref<InboxFilters>): InboxList {
  const session = useSession()
  const conversations = useConversations()
  const me = computed(() => session.user?.id ?? '')
  const { ids, readAt, ...pages } = useHeldPages<Conversation>(
    '/conversations',
    () => ({ ...asQuery(filters.value), limit: PAGE }),
    conversations.putAll,
  )
  // What the first page did not reach back to is known only when it was read; what happened since, from events.
  const fresh = (one: Conversation): boolean =>
    filters.value.view !== 'mentioned' && (Date.parse(one.last_at) >= readAt.value - 60_000 || one.agent_id === me.value)

  return {
    ...pages,
    rows: computed(() => {
      const held = pages.known.value ? Array.from(conversations.byId.values()) : []
      return inOrder(held.filter((one) => (ids.value.has(one.id) || fresh(one)) && belongs(one, filters.value, me.value)))
    }),
  }
}
