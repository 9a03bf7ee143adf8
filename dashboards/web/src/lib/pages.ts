/** A long list as the server tells it, a page at a time: read anew, or on from where it ended. */
import { type ComputedRef, type Ref, computed, ref, shallowRef } from 'vue'
import { api } from '@/api/client'
import type { Page } from '@/api/types'
import { useReading } from './reading'

export interface Pages<T> {
  /** Null until the first page was read. */
  items: Readonly<Ref<readonly T[] | null>>
  more: ComputedRef<boolean>
  problem: Readonly<Ref<string>>
  read: () => Promise<void>
  readMore: () => Promise<void>
}

export function usePages<T>(path: string): Pages<T> {
  const items = shallowRef<readonly T[] | null>(null)
  const next = ref<string | null>(null)
  const { problem, read } = useReading()

  const readFrom = (cursor: string | null): Promise<void> =>
    read(
      () => api.get<Page<T>>(path, { cursor }),
      (page) => {
        items.value = cursor === null ? page.items : [...(items.value ?? []), ...page.items]
        next.value = page.next
      },
    )
  return {
    items,
    more: computed(() => next.value !== null),
    problem,
    read: () => readFrom(null),
    readMore: () => readFrom(next.value),
  }
}
