/**
 * The log as it is read: page after page by cursor, kept true by events.
 *
 * What is new while somebody reads waits, counted, until it is asked for.
 */
import { type ComputedRef, type Ref, computed, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Interaction, Page } from '@/api/types'
import { now } from '@/lib/clock'
import { useLink } from '@/live/link'
import { useSession } from '@/stores/session'
import { useInteractions } from '@/stores/things'
import { type CallFilters, type Span, asQuery, belongs, spanOf } from './filters'

const PAGE = 50

export interface CallLog {
  calls: ComputedRef<Interaction[]>
  /** The first page has been read. */
  known: Ref<boolean>
  problem: Ref<string>
  /** How many came since and wait to be shown. */
  waiting: ComputedRef<number>
  showWaiting: () => void
  more: ComputedRef<boolean>
  readMore: () => Promise<void>
}

export function useCallLog(filters: Ref<CallFilters>): CallLog {
  const interactions = useInteractions()
  const session = useSession()
  const link = useLink()

  const ids = shallowRef<string[]>([])
  const next = ref<string | null>(null)
  const known = ref(false)
  const problem = ref('')
  const span = shallowRef<Span>({ from: null, to: null })
  let request = new AbortController()
  let reading = false

  async function read(cursor: string | null): Promise<void> {
    request.abort()
    request = new AbortController()
    const { signal } = request
    reading = true
    try {
      const query = { ...asQuery(filters.value, span.value), limit: PAGE, cursor }
      const page = await api.get<Page<Interaction>>('/interactions', query, signal)
      interactions.putAll(page.items)
      const read = page.items.map((call) => call.id)
      ids.value = cursor === null ? read : [...ids.value, ...read.filter((id) => !ids.value.includes(id))]
      next.value = page.next
      known.value = true
      problem.value = ''
    } catch (error) {
      if (!signal.aborted) problem.value = sentence(error)
    } finally {
      if (request.signal === signal) reading = false
    }
  }

  function readFirst(): Promise<void> {
    span.value = spanOf(filters.value.period, now.value, session.timezone)
    return read(null)
  }
  watch(filters, () => {
    known.value = false
    void readFirst()
  })
  watch(() => link.generation, readFirst, { immediate: true })

  // Ids are made from the moment a call was first heard: a greater one is a newer call.
  const fresh = computed(() => {
    if (!known.value) return []
    const newest = ids.value[0] ?? ''
    return Array.from(interactions.byId.values())
      .filter((call) => call.id > newest && belongs(call, filters.value, span.value))
      .map((call) => call.id)
      .toSorted()
      .toReversed()
  })
  // Nobody's hand is on an empty list.
  watch(fresh, (waiting) => {
    if (waiting.length > 0 && ids.value.length === 0) showWaiting()
  })
  function showWaiting(): void {
    ids.value = [...fresh.value, ...ids.value]
  }

  const calls = computed(() =>
    ids.value.flatMap((id) => {
      const call = interactions.get(id)
      return call && call.merged_into === null ? [call] : []
    }),
  )

  return {
    calls,
    known,
    problem,
    waiting: computed(() => fresh.value.length),
    showWaiting,
    more: computed(() => next.value !== null),
    async readMore() {
      if (next.value !== null && !reading) await read(next.value)
    },
  }
}
