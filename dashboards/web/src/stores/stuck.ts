/** Promises that should have moved and that nobody can take: a supervisor must act, and is told until somebody does. */
import { defineStore } from 'pinia'
import { computed } from 'vue'
import { api } from '@/api/client'
import type { Callback, Page } from '@/api/types'
import { byDue } from '@/lib/promises'
import { useCallbacks } from './things'

const MOST = 200

export const useStuck = defineStore('stuck', () => {
  const callbacks = useCallbacks()

  async function load(): Promise<void> {
    const page = await api.get<Page<Callback>>('/callbacks', { owed: true, stuck: true, limit: MOST })
    callbacks.putAll(page.items)
  }
  /** While somebody is calling the client, somebody acts. */
  const promises = computed(() =>
    Array.from(callbacks.byId.values())
      .filter((promise) => promise.state === 'open' && Boolean(promise.nobody_since))
      .toSorted(byDue),
  )
  return { load, promises }
})
