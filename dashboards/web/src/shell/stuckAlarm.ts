/**
 * The sound of a promise or a lead nobody can take: at once, and then every minute until somebody acts. The only one
 * that does not wait for the end of a talk.
 */
import { computed, onScopeDispose, watch } from 'vue'
import { useLink } from '@/live/link'
import { soundAlarm } from '@/slot/ringSound'
import { useLeads } from '@/stores/leads'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'
import { useStuck } from '@/stores/stuck'

const AGAIN_MS = 60_000

export function useStuckAlarm(): void {
  const session = useSession()
  const stuck = useStuck()
  const leads = useLeads()
  const link = useLink()
  const preferences = usePreferences()
  let timer: number | undefined

  const ids = computed(() => (session.leads ? [...stuck.promises, ...leads.stuck].map(({ id }) => id).join() : ''))
  const sound = (): void => soundAlarm(preferences.chosen.ringVolume)

  watch(
    () => link.generation,
    () => {
      if (session.leads) void stuck.load().catch(() => undefined)
    },
    { immediate: true },
  )
  watch(
    ids,
    (now, before) => {
      window.clearInterval(timer)
      timer = undefined
      if (now === '') return
      const known = new Set((before ?? '').split(','))
      if (now.split(',').some((id) => !known.has(id))) sound()
      timer = window.setInterval(sound, AGAIN_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => window.clearInterval(timer))
}
