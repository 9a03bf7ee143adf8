/** What this person owes or may take from their queues, late first. Read once, then kept true by events. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { type Query, api } from '@/api/client'
import type { Callback, Page } from '@/api/types'
import { now } from '@/lib/clock'
import { type Pressing, byDue, isOwed, pressingBefore } from '@/lib/promises'
import { startOfDay } from '@/lib/time'
import { useReference } from './reference'
import { useSession } from './session'
import { useCallbacks } from './things'

const MOST = 200

export const usePromises = defineStore('promises', () => {
  const session = useSession()
  const callbacks = useCallbacks()
  const reference = useReference()
  const known = ref(false)

  async function load(): Promise<void> {
    const agent = session.user?.id
    const read = (query: Query) => api.get<Page<Callback>>('/callbacks', { ...query, limit: MOST })
    const [pages] = await Promise.all([
      Promise.all([
        read({ agent_id: agent, state: 'open' }),
        read({ agent_id: agent, state: 'claimed' }),
        read({ unassigned: true, state: 'open' }),
      ]),
      // Whose the queues are: otherwise the promises of one's queues would come into the list as if they were new.
      reference.settled(),
    ])
    pages.forEach((page) => callbacks.putAll(page.items))
    known.value = true
  }

  const isMine = (promise: Callback): boolean =>
    promise.agent_id === session.user?.id ||
    (promise.agent_id === null && reference.queue(promise.queue)?.members?.includes(session.user?.id ?? '') === true)

  const mine = computed(() =>
    Array.from(callbacks.byId.values())
      .filter((promise) => isOwed(promise) && isMine(promise))
      .toSorted(byDue),
  )
  const dayEnd = computed(() => startOfDay(now.value, session.timezone, 1))
  /** Asked every second, and another list only when somebody's time has come: nothing is drawn anew in between. */
  const ofKind = (kind: Pressing) =>
    computed<Callback[]>((before) => {
      const found = mine.value.filter((promise) => pressingBefore(promise, now.value, dayEnd.value) === kind)
      return before?.length === found.length && found.every((promise, index) => promise === before[index]) ? before : found
    })

  return { known, load, mine, late: ofKind('late'), due: ofKind('due'), later: ofKind('later') }
})
