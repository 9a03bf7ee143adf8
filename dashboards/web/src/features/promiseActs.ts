/** What can be done with a promise besides keeping it by a call. Every refusal is told in a sentence. */
import { type Ref, ref } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Callback } from '@/api/types'
import { useCallbacks } from '@/stores/things'

export interface PromiseActs {
  busy: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  keep: (promise: Callback) => Promise<boolean>
  move: (promise: Callback, agentId: string, reason: string) => Promise<boolean>
  cancel: (promise: Callback, reason: string) => Promise<boolean>
  takeOver: (promise: Callback) => Promise<boolean>
  /** Gives a move back. */
  undo: (promise: Callback) => Promise<boolean>
}

export function usePromiseActs(): PromiseActs {
  const callbacks = useCallbacks()
  const busy = ref(false)
  const problem = ref('')

  async function act(promise: Callback, verb: string, body: object): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = ''
    try {
      callbacks.put(await api.post<Callback>(`/callbacks/${promise.id}/${verb}`, body))
      return true
    } catch (error) {
      problem.value = sentence(error)
      return false
    } finally {
      busy.value = false
    }
  }
  return {
    busy,
    problem,
    keep: (promise) => act(promise, 'keep', {}),
    move: (promise, agentId, reason) => act(promise, 'move', { agent_id: agentId, reason }),
    cancel: (promise, reason) => act(promise, 'cancel', { reason }),
    takeOver: (promise) => act(promise, 'take-over', {}),
    undo: (promise) => act(promise, 'undo', {}),
  }
}
