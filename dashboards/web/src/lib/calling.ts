/** What the desk may do with a call. Every refusal is told in a sentence; nothing is assumed to have worked. */
import type { Ref } from 'vue'
import { api, isProblem } from '@/api/client'
import { sentence } from '@/api/problems'
import { t } from '@/i18n'
import type { Callback } from '@/api/types'
import { useAttemptToldByToast } from '@/lib/attempt'
import { useDesk } from '@/stores/desk'
import { useToasts } from '@/stores/toasts'

export type Callee = { client_id: string; number?: string } | { number: string }

export interface KeepOptions {
  /** Of the client's numbers; without it their first. */
  number?: string
  /** Knowing that the promise is somebody else's by now. */
  anyway?: boolean
}

/** Whom a promise is to be kept to: the client, or the number of a caller who is nobody's client yet. */
const calleeOf = (promise: Callback): Callee =>
  promise.client_id ? { client_id: promise.client_id } : { number: promise.address ?? '' }

export interface Calling {
  busy: Readonly<Ref<boolean>>
  /** Rings one's own phone, then the client. */
  call: (callee: Callee) => Promise<void>
  /**
   * «I am calling now»: takes the promise for a while, so that nobody else calls, and calls. When it is somebody
   * else's by now nothing is dialled; `anyway` is the second, deliberate step.
   */
  keep: (promise: Callback, options?: KeepOptions) => Promise<void>
  decline: (interactionId: string) => Promise<void>
  hangUp: (interactionId: string) => Promise<void>
}

export function useCalling(): Calling {
  const toasts = useToasts()
  const desk = useDesk()
  const { busy, attempt } = useAttemptToldByToast()

  async function dial(request: Callee & { callback_id?: string; anyway?: boolean }): Promise<void> {
    const { interaction_id } = await api.post<{ interaction_id: string }>('/calls', request)
    desk.choose(interaction_id)
  }

  const once = async (work: () => Promise<void>): Promise<void> => void (await attempt(work))
  const keep = (promise: Callback, options: KeepOptions = {}): Promise<void> =>
    once(async () => {
      try {
        await dial({ ...calleeOf(promise), callback_id: promise.id, ...options })
      } catch (error) {
        if (!isProblem(error, 'callback_moved')) throw error
        toasts.say(sentence(error), { tone: 'problem', action: { label: t('client.promise.call_anyway'), run: () => void keep(promise, { ...options, anyway: true }) } })
      }
    })

  return {
    busy,
    call: (callee) => once(() => dial(callee)),
    keep,
    decline: (id) => once(() => api.post(`/calls/${id}/decline`)),
    hangUp: (id) => once(() => api.post(`/calls/${id}/hangup`)),
  }
}
