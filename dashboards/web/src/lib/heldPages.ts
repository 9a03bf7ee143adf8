/** A long list of things that a store holds: which of them were read, page after page, and read anew when the link was lost. */
import { type ComputedRef, type Ref, type ShallowRef, computed, ref, shallowRef, watch } from 'vue'
import { type Query, api } from '@/api/client'
import type { Page } from '@/api/types'
import { useLink } from '@/live/link'
import { useReading } from './reading'

export interface HeldPages {
  ids: Readonly<ShallowRef<ReadonlySet<string>>>
  /** The first page has been read. */
  known: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  more: ComputedRef<boolean>
  /** When the first page was read last, by this machine's clock. */
  readAt: Readonly<Ref<number>>
  read: () => Promise<void>
  readMore: () => Promise<void>
}

export function useHeldPages<T extends { id: string }>(path: string, query: () => Query, hold: (items: readonly T[]) => void): HeldPages {
  const link = useLink()
  const ids = shallowRef<ReadonlySet<string>>(new Set())
  const next = ref<string | null>(null)
  const known = ref(false)
  const readAt = ref(0)
  const { problem, read: ask } = useReading()

  const take = (cursor: string | null): Promise<void> =>
    ask(
      () => api.get<Page<T>>(path, { ...query(), ...(cursor ? { cursor } : {}) }),
      (page) => {
        hold(page.items)
        ids.value = new Set([...(cursor ? ids.value : []), ...page.items.map(({ id }) => id)])
        next.value = page.next
        known.value = true
        if (!cursor) readAt.value = Date.now()
      },
    )
  const read = (): Promise<void> => take(null)

  watch(() => link.generation, read, { immediate: true })
  return { ids, known, problem, more: computed(() => next.value !== null), readAt, read, readMore: () => take(next.value) }
}
