/** The link to the server, as the state line tells it. */
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

/** `behind`: this screen is older than the server and should be loaded again. */
export type LinkState = 'connecting' | 'up' | 'lost' | 'resumed' | 'behind'

const RESUMED_SHOWN_MS = 4000

export const useLink = defineStore('link', () => {
  const state = ref<LinkState>('connecting')
  const lostAt = shallowRef<number | null>(null)
  /** Grows when everything on the screen should be read again. */
  const generation = ref(0)
  /** Tells the server something that is worth nothing later: without a link nobody hears it. */
  const tell = shallowRef<(name: string, body: object) => void>(() => undefined)
  let timer = 0

  function cameUp(afterLoss: boolean): void {
    lostAt.value = null
    if (state.value === 'behind') return
    state.value = afterLoss ? 'resumed' : 'up'
    window.clearTimeout(timer)
    if (!afterLoss) return
    timer = window.setTimeout(() => {
      if (state.value === 'resumed') state.value = 'up'
    }, RESUMED_SHOWN_MS)
  }
  function wentDown(): void {
    if (state.value === 'lost') return
    lostAt.value = Date.now()
    if (state.value !== 'behind') state.value = 'lost'
  }
  function fellBehind(): void {
    state.value = 'behind'
  }
  return { state, lostAt, generation, tell, cameUp, wentDown, fellBehind, readAgain: () => generation.value++ }
})
