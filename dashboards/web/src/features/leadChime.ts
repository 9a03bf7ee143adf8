/** Reads what waits to be accepted, and lets one chime sound when a lead comes to this desk. */
import { watch } from 'vue'
import { useLink } from '@/live/link'
import { chimePromise } from '@/slot/ringSound'
import { useDesk } from '@/stores/desk'
import { useLeads } from '@/stores/leads'
import { usePreferences } from '@/stores/preferences'

export function useLeadChime(): void {
  const leads = useLeads()
  const link = useLink()
  const desk = useDesk()
  const preferences = usePreferences()
  watch(() => link.generation, () => void leads.load().catch(() => undefined), { immediate: true })
  watch(
    () => leads.came,
    (lead) => {
      if (lead && !desk.talks) chimePromise(preferences.chosen.chimeVolume)
    },
  )
}
