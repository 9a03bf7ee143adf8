/** What a page shows beside itself: in the place of the live contact while there is none, over everything on a phone. */
import { defineStore } from 'pinia'
import { type Component, shallowRef } from 'vue'

export interface Aside {
  view: Component
  props: Record<string, unknown>
  /** What the place is called while this is in it. */
  label: string
}

export const useAside = defineStore('aside', () => {
  const shown = shallowRef<Aside | null>(null)

  function show(aside: Aside): void {
    shown.value = aside
  }
  function clear(): void {
    shown.value = null
  }
  return { shown, show, clear }
})
