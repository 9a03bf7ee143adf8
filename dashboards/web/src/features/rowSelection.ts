/** Rows by keyboard: J and K or the arrows move, Enter does the row's one action. */
import { type ComputedRef, type Ref, computed, nextTick, ref } from 'vue'
import { useKeys } from '@/lib/keys'

export interface RowSelection {
  selectedId: ComputedRef<string | null>
  select: (id: string) => void
}

const scrollTo = (id: string): void =>
  document.querySelector(`[data-row="${id}"]`)?.scrollIntoView({ block: 'nearest' })

/** The first row is selected on arrival; a selection outlives changes of the list around it. */
export function useRowSelection(
  ids: Ref<readonly string[]>,
  act: (id: string) => void,
  reveal: (id: string) => void = scrollTo,
): RowSelection {
  const chosen = ref<string | null>(null)
  const selectedId = computed(() =>
    chosen.value !== null && ids.value.includes(chosen.value) ? chosen.value : (ids.value[0] ?? null),
  )

  function move(step: number): void {
    const index = ids.value.indexOf(selectedId.value ?? '')
    const next = ids.value[Math.min(ids.value.length - 1, Math.max(0, index + step))]
    if (!next) return
    chosen.value = next
    void nextTick(() => reveal(next))
  }
  // These move with arrows by themselves.
  const arrowsTaken = (): boolean =>
    Boolean(document.activeElement?.closest('[role=radiogroup], [role=tablist], [role=slider], #slot'))
  const onControl = (): boolean => Boolean(document.activeElement?.closest('button, a[href], [role=tab]'))

  useKeys({
    KeyJ: () => move(1),
    KeyK: () => move(-1),
    ArrowDown: () => (arrowsTaken() ? false : move(1)),
    ArrowUp: () => (arrowsTaken() ? false : move(-1)),
    Enter: () => {
      if (selectedId.value === null || onControl()) return false
      act(selectedId.value)
    },
  })
  return { selectedId, select: (id) => (chosen.value = id) }
}
