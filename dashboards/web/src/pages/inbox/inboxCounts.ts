/** How many conversations each part of the inbox holds: counted by the server, anew when one has come, gone or moved. */
import { type ShallowRef, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { InboxCounts, WrittenChannel } from '@/api/conversations'
import { useBurst } from '@/lib/burst'
import { useReading } from '@/lib/reading'
import { useLink } from '@/live/link'
import { useConversations } from '@/stores/conversations'

const GATHER_MS = 1000

export function useInboxCounts(channel: () => WrittenChannel | null): Readonly<ShallowRef<InboxCounts | null>> {
  const conversations = useConversations()
  const link = useLink()
  const counts = shallowRef<InboxCounts | null>(null)
  const { read } = useReading()

  const count = (): Promise<void> =>
    read(
      () => api.get<InboxCounts>('/conversations/counts', { channel: channel() }),
      (answer) => (counts.value = answer),
    )
  watch([channel, () => link.generation], count, { immediate: true })
  watch(() => conversations.shifts, useBurst(() => void count(), GATHER_MS))
  return counts
}
