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

// People write the letter yo as ye.
const folded = (text: string): string => text.toLocaleLowerCase().replaceAll('\u0451', '\u0435')

/** Whether the client answers the question itself, or only resembles what was asked for. */
export function isWhatWasAsked(client: Client, query: string): boolean {
  const name = folded(client.name)
  const words = folded(query).split(/\s+/).filter(Boolean)
  if (words.every((word) => name.includes(word))) return true
  // Another's client is found by a number that is not told: there is nothing to compare with.
  if (client.restricted && !/\p{L}/u.test(query)) return true
  const digits = query.replace(/\D/g, '')
  // The trunk prefix 8 is +7 in the number itself.
  const tail = digits.length > 10 ? digits.slice(-10) : digits
  return client.contact_points.some(
    (point) =>
      (tail.length > 1 && point.kind === 'phone' && point.value.includes(tail)) ||
      point.value.toLocaleLowerCase().startsWith(folded(query)),
  )
}
