/** One's own state: how it is shown, and how it is changed. */
import { type ComputedRef, computed, ref } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Agent, AgentState, SettableState } from '@/api/types'
import { t } from '@/i18n'
import { now } from '@/lib/clock'
import { useReference } from '@/stores/reference'
import { useAgents } from '@/stores/things'
import { useToasts } from '@/stores/toasts'
import { AGENT_STATES, type Tone } from '@/ui/tones'
import type { IconName } from '@/ui/icons'

export interface ShownState {
  tone: Tone
  icon: IconName
  word: string
  /** For narrow places: of a pause only its reason. */
  short: string
  since: string
  /** A pause that lasts longer than its reason allows. */
  over: boolean
}

export function useShownState(agent: () => Agent | undefined): ComputedRef<ShownState | null> {
  const reference = useReference()
  return computed(() => {
    const { state, reason, since } = agent() ?? {}
    if (!state || !since) return null
    const limit = state === 'paused' ? (reference.pauseReason(reason ?? null)?.threshold_s ?? null) : null
    const word = t(`state.${state}`)
    const why = state === 'paused' && reason ? reference.pauseLabel(reason) : null
    return {
      ...AGENT_STATES[state],
      word: why ? t('state.paused_for', { reason: why.toLocaleLowerCase() }) : word,
      short: why ?? word,
      since,
      over: limit !== null && now.value - Date.parse(since) > limit * 1000,
    }
  })
}

const ON_A_CALL: readonly AgentState[] = ['ringing', 'talking', 'hold', 'wrap_up']

export function useOwnState() {
  const agents = useAgents()
  const toasts = useToasts()
  const busy = ref(false)

  const shown = useShownState(() => agents.me)
  const canPause = computed(() => agents.me !== undefined && !ON_A_CALL.includes(agents.me.state))

  async function become(state: SettableState, reason?: string): Promise<void> {
    busy.value = true
    try {
      agents.put(await api.put<Agent>('/agents/me/state', { state, ...(reason ? { reason } : {}) }))
    } catch (error) {
      toasts.say(sentence(error), { tone: 'problem' })
    } finally {
      busy.value = false
    }
  }

  return { shown, canPause, busy, become }
}
