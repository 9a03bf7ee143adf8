/** The outcome of one call while it is being chosen: a draft, what is missing in it, and sending it. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'
import { api } from '@/api/client'
import type { Disposition, DispositionRequest, Interaction } from '@/api/types'
import { t } from '@/i18n'
import { useAttempt } from '@/lib/attempt'
import { now } from '@/lib/clock'
import { type Draft, useDraft } from '@/lib/drafts'
import { useDesk } from '@/stores/desk'
import { useReference } from '@/stores/reference'
import { useSession } from '@/stores/session'
import { useInteractions } from '@/stores/things'
import { type Clocks, DEFAULT_CHOICE, type Due, type TimeChoice, type TimeWish, clocksOf, dueOf } from './callbackTimes'

export interface OutcomeDraft extends TimeWish {
  code: string | null
  subject: string
  note: string
}

export interface Outcome {
  draft: Draft<OutcomeDraft>['value']
  chosen: ComputedRef<Disposition | undefined>
  /** Whether a next contact may, must, or cannot be promised with this outcome. */
  promises: ComputedRef<Disposition['callback']>
  due: ComputedRef<Due>
  clocks: ComputedRef<Clocks>
  /** Why it cannot be saved yet; empty when it can. */
  missing: ComputedRef<string>
  /** What is on the server is what is in the draft. */
  settled: Ref<boolean>
  busy: Readonly<Ref<boolean>>
  problem: Ref<string>
  choose: (code: string) => void
  chooseTime: (choice: TimeChoice) => void
  save: () => Promise<boolean>
}

/** Chosen by the server when nobody chose: not for people. */
export const SYSTEM_OUTCOMES: ReadonlySet<string> = new Set(['AUTO_TIMEOUT'])

const JUST_BEGUN_MS = 5000
const EMPTY: OutcomeDraft = { code: null, choice: null, other: '', whose: 'own', second: null, subject: '', note: '' }

/** `clientZone`: by what clock the client lives now, when it is known. */
export function useOutcome(call: () => Interaction, clientZone: () => string | null): Outcome {
  const reference = useReference()
  const session = useSession()
  const interactions = useInteractions()
  const desk = useDesk()

  const begun = Date.parse(call().answered_at ?? call().started_at)
  const given = call().disposition
  const { value: draft, forget } = useDraft<OutcomeDraft>(
    `interaction:${call().id}`,
    given ? { ...EMPTY, code: given.code, note: given.note ?? '' } : EMPTY,
    now.value - begun < JUST_BEGUN_MS,
  )
  const { busy, problem, attempt } = useAttempt()
  const settled = ref(given !== null && draft.code === given.code)
  watch(draft, () => {
    settled.value = false
    problem.value = ''
  })

  const chosen = computed(() => (draft.code ? reference.disposition(draft.code) : undefined))
  const promises = computed(() => chosen.value?.callback ?? 'none')
  const clocks = computed(() => clocksOf(session.timezone, clientZone()))
  const due = computed<Due>(() => (promises.value === 'none' ? { kind: 'none' } : dueOf(draft, now.value, clocks.value)))

  const missing = computed(() => {
    if (!chosen.value) return t('outcome.missing.code')
    const wants = promises.value === 'required' || (promises.value === 'optional' && draft.choice !== null)
    if (!wants) return ''
    if (!call().client_id) return t('outcome.missing.client')
    if (due.value.kind === 'none') return t('outcome.missing.time')
    if (due.value.kind !== 'moment') return t('outcome.missing.which')
    return due.value.at < now.value ? t('outcome.missing.future') : ''
  })

  function choose(code: string): void {
    draft.code = code
    const wanted = reference.disposition(code)?.callback
    if (wanted === 'required') draft.choice ??= DEFAULT_CHOICE
    else if (wanted === 'none') draft.choice = null
  }

  function chooseTime(choice: TimeChoice): void {
    draft.choice = draft.choice === choice ? null : choice
  }

  async function save(): Promise<boolean> {
    if (missing.value || !draft.code) return false
    const note = draft.note.trim()
    const subject = draft.subject.trim()
    const body: DispositionRequest = {
      code: draft.code,
      ...(note ? { note } : {}),
      ...(due.value.kind === 'moment' ? { callback: { ...due.value.request, via: 'call', ...(subject ? { subject } : {}) } } : {}),
    }
    const saved = await attempt(() => api.put<Interaction>(`/interactions/${call().id}/disposition`, body))
    if (!saved) return false
    settled.value = true
    forget()
    desk.changed(interactions.put(saved))
    return true
  }

  return { draft, chosen, promises, due, clocks, missing, settled, busy, problem, choose, chooseTime, save }
}
