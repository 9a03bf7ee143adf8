/** Calls and promises of the client who writes, read once for a conversation and kept true by events. */
import { type ComputedRef, type Ref, computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { Conversation } from '@/api/conversations'
import type { Page, TimelineItem } from '@/api/types'
import { useLink } from '@/live/link'
import { useCallbacks, useInteractions } from '@/stores/things'
import { type Between, between } from './between'

const PAGE = 60

/** Nothing while the client's timeline was not read: it is refused to those who may not open their card. */
export function useBetween(conversation: Ref<Conversation | undefined>): ComputedRef<Between[]> {
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  const link = useLink()
  const readOf = shallowRef<string | null>(null)

  async function read(client: string): Promise<void> {
    const { items } = await api.get<Page<TimelineItem>>(`/clients/${client}/timeline`, { limit: PAGE })
    for (const { interaction, callback } of items) {
      if (interaction) interactions.put(interaction)
      if (callback) callbacks.put(callback)
    }
    readOf.value = client
  }
  watch(
    [() => conversation.value?.client_id, () => link.generation],
    ([client]) => {
      if (client) void read(client).catch(() => undefined) // what was said stands without it
    },
    { immediate: true },
  )
  return computed(() => {
    const one = conversation.value
    return one && one.client_id === readOf.value ? between(one, interactions.byId.values(), callbacks.byId.values()) : []
  })
}
