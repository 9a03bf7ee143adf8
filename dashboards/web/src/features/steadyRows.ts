/** The rows of a page: steady under the hand, gone through by keyboard, one of them selected. */
import { type ComputedRef, type Ref, computed } from 'vue'
import { useRowSelection } from './rowSelection'
import { type SteadyList, useSteadyList } from './steadyList'

export interface SteadyRows<T> extends SteadyList<T> {
  selected: ComputedRef<T | null>
  select: (id: string) => void
}

/** `act`: what Enter does with the selected row. */
export function useSteadyRows<T extends { id: string }>(
  items: Ref<readonly T[]>,
  known: Ref<boolean>,
  act: (row: T) => void,
): SteadyRows<T> {
  const list = useSteadyList(items, known)
  const rowOf = (id: string | null): T | null => list.shown.value.find((row) => row.id === id) ?? null
  const { selectedId, select } = useRowSelection(
    computed(() => list.shown.value.map(({ id }) => id)),
    (id) => {
      const row = rowOf(id)
      if (row) act(row)
    },
  )
  return { ...list, selected: computed(() => rowOf(selectedId.value)), select }
}
