/** One clock for the whole screen: ticks on the second, corrected to the server's time. */
import { type Ref, readonly, ref } from 'vue'

const SECOND = 1000
const BELIEVABLE_SKEW_MS = 2 * SECOND // the Date header has whole seconds

let skewMs = 0
const current = ref(Date.now())

function tick(): void {
  current.value = Date.now() + skewMs
  window.setTimeout(tick, SECOND - (current.value % SECOND))
}

export function startClock(): void {
  tick()
}

/** Trust the server's clock, not the one in the corner of this screen. */
export function correctClock(serverTime: number | null): void {
  if (serverTime === null) return
  const skew = serverTime - Date.now()
  skewMs = Math.abs(skew) > BELIEVABLE_SKEW_MS ? skew : 0
  current.value = Date.now() + skewMs
}

/** Milliseconds since the epoch, a new value every second. */
export const now: Readonly<Ref<number>> = readonly(current)
