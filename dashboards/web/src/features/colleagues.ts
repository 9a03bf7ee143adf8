/** Colleagues to whom something can be given, by name, each with what they do now. */
import { type ComputedRef, computed } from 'vue'
import type { Agent } from '@/api/types'
import { t } from '@/i18n'
import { shortName } from '@/lib/names'
import { useAgents } from '@/stores/things'

export interface Choice {
  value: string
  title: string
}

/** `fits`: to whom it can be given at all. */
export function useColleagues(fits: (person: Agent) => boolean): ComputedRef<Choice[]> {
  const agents = useAgents()
  return computed(() =>
    Array.from(agents.byId.values())
      .filter(fits)
      .map(({ id, name, state }) => ({ value: id, title: t('client.colleague', { name: shortName(name), state: t(`state.${state}`) }) }))
      .toSorted((a, b) => a.title.localeCompare(b.title)),
  )
}
