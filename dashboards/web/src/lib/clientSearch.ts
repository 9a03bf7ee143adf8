/** Clients as one types: asked after a breath, the last question wins. */
import { type Ref, type ShallowRef, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Client, Page } from '@/api/types'

const LEAST_LETTERS = 2
const PAUSE_MS = 200

export interface ClientSearch {
  found: Readonly<ShallowRef<Client[]>>
  /** What `found` is the answer to; empty while nothing was asked. */
  answered: Readonly<Ref<string>>
  problem: Readonly<Ref<string>>
}

export function useClientSearch(text: () => string, most: number): ClientSearch {
  const found = shallowRef<Client[]>([])
  const answered = ref('')
  const problem = ref('')
  const asked = computed(() => text().trim())
  let timer = 0
  let request = new AbortController()

  async function ask(query: string): Promise<void> {
    request = new AbortController()
    const { signal } = request
    try {
      const page = await api.get<Page<Client>>('/clients', { q: query, limit: most }, signal)
      found.value = page.items
      answered.value = query
      problem.value = ''
    } catch (error) {
      if (!signal.aborted) problem.value = sentence(error)
    }
  }
  watch(
    asked,
    (query) => {
      window.clearTimeout(timer)
      request.abort()
      if (query.length >= LEAST_LETTERS) {
        timer = window.setTimeout(() => void ask(query), PAUSE_MS)
        return
      }
      found.value = []
      answered.value = ''
      problem.value = ''
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    window.clearTimeout(timer)
    request.abort()
  })
  return { found, answered, problem }
}
