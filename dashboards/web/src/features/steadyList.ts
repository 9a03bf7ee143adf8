/**
 * A list that does not move under the hand.
 *
 * What is shown keeps its order; what has gone leaves; what is new waits, counted, until the
 * person asks for it. An empty list has nobody's hand on it and takes everything at once.
 */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'

export interface SteadyList<T> {
  shown: ComputedRef<T[]>
  /** How many wait to be shown. */
  waiting: ComputedRef<number>
  show: () => void
}

export function useSteadyList<T extends { id: string }>(items: Ref<readonly T[]>, known: Ref<boolean>): SteadyList<T> {
  const order = ref<string[]>([])
  const byId = computed(() => new Map(items.value.map((item) => [item.id, item])))

  const shown = computed(() => order.value.flatMap((id) => byId.value.get(id) ?? []))
  const waiting = computed(() => items.value.length - shown.value.length)

  function show(): void {
    order.value = items.value.map((item) => item.id)
  }
  watch(
    [items, known],
    () => {
      if (!known.value || shown.value.length === 0) show()
    },
    { immediate: true },
  )
  return { shown, waiting, show }
}
