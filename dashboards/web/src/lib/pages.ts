/** A long list as the server tells it, a page at a time: read anew, or on from where it ended. */
import { type ComputedRef, type Ref, computed, ref, shallowRef } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Page } from '@/api/types'

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
  const problem = ref('')

  async function readFrom(cursor: string | null): Promise<void> {
    try {
      const page = await api.get<Page<T>>(path, { cursor })
      items.value = cursor === null ? page.items : [...(items.value ?? []), ...page.items]
      next.value = page.next
      problem.value = ''
    } catch (error) {
      problem.value = sentence(error)
    }
  }
  return {
    items,
    more: computed(() => next.value !== null),
    problem,
    read: () => readFrom(null),
    readMore: () => readFrom(next.value),
  }
}
