/** What can be done with a promise besides keeping it by a call. Every refusal is told in a sentence. */
import type { Ref } from 'vue'
import { api } from '@/api/client'
import type { Callback, DueRequest } from '@/api/types'
import { t } from '@/i18n'
import { useAttempt } from '@/lib/attempt'
import { shortName } from '@/lib/names'
import { useUndo } from '@/lib/undo'
import { useAgents, useCallbacks } from '@/stores/things'

export interface PromiseActs {
  busy: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  keep: (promise: Callback) => Promise<boolean>
  move: (promise: Callback, agentId: string, reason: string) => Promise<boolean>
  cancel: (promise: Callback, reason: string) => Promise<boolean>
  takeOver: (promise: Callback) => Promise<boolean>
  /** Gives a move back. */
  undo: (promise: Callback) => Promise<boolean>
  /** Owed after all: for this time, or without one as it was. */
  reopen: (promise: Callback, due?: DueRequest) => Promise<boolean>
}

export function usePromiseActs(): PromiseActs {
  const callbacks = useCallbacks()
  const agents = useAgents()
  const { busy, problem, attempt } = useAttempt()
  const offerUndo = useUndo(problem)

  async function act(promise: Callback, verb: string, body: object): Promise<boolean> {
    const changed = await attempt(() => api.post<Callback>(`/callbacks/${promise.id}/${verb}`, body))
    if (changed) callbacks.put(changed)
    return changed !== null
  }
  const undo = (promise: Callback) => act(promise, 'undo', {})
  const reopen = (promise: Callback, due?: DueRequest) => act(promise, 'reopen', due ?? {})

  /** Does it, says so, and offers to take it back. */
  async function undoably(work: Promise<boolean>, said: () => string, back: () => Promise<boolean>): Promise<boolean> {
    if (!(await work)) return false
    offerUndo(said(), back)
    return true
  }
  const moved = (agentId: string): string => t('client.promise.moved_done', { name: shortName(agents.get(agentId)?.name ?? '') })

  return {
    busy,
    problem,
    keep: (promise) => undoably(act(promise, 'keep', {}), () => t('client.promise.kept_done'), () => reopen(promise)),
    move: (promise, agentId, reason) =>
      undoably(act(promise, 'move', { agent_id: agentId, reason }), () => moved(agentId), () => undo(promise)),
    cancel: (promise, reason) => undoably(act(promise, 'cancel', { reason }), () => t('client.promise.cancel_done'), () => reopen(promise)),
    takeOver: (promise) => act(promise, 'take-over', {}),
    undo,
    reopen,
  }
}
