/** Lists that seldom change: outcomes, pause reasons, queues, sources of leads. Read once after signing in. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api } from '@/api/client'
import type { LeadSource } from '@/api/leads'
import type { Disposition, Labels, PauseReason, Queue, Team } from '@/api/types'
import { locale } from '@/i18n'

interface Ordered {
  position: number
  enabled: boolean
}

const inOrder = <T extends Ordered>(items: readonly T[]): T[] =>
  items.filter((item) => item.enabled).toSorted((a, b) => a.position - b.position)

export const useReference = defineStore('reference', () => {
  const dispositions = shallowRef<Disposition[]>([])
  const pauseReasons = shallowRef<PauseReason[]>([])
  const queues = shallowRef<Queue[]>([])
  const sources = shallowRef<LeadSource[]>([])
  /** Those that queues belong to. */
  const teams = shallowRef<Team[]>([])

  let last: Promise<void> | null = null

  async function read(): Promise<void> {
    const [outcomes, reasons, lines, origins] = await Promise.all([
      api.get<{ items: Disposition[] }>('/dispositions'),
      api.get<{ items: PauseReason[] }>('/pause-reasons'),
      api.get<{ items: Queue[]; teams: Team[] }>('/queues'),
      api.get<{ items: LeadSource[] }>('/lead-sources'),
    ])
    dispositions.value = outcomes.items
    pauseReasons.value = reasons.items
    queues.value = lines.items
    sources.value = origins.items
    teams.value = lines.teams
  }

  /** Reads them again. */
  const load = (): Promise<void> => (last = read())
  /** They are there, or could not be read: what is shown by them need not wait any longer. */
  const settled = (): Promise<void> => (last ?? load()).catch(() => undefined)

  const label = (labels: Labels | undefined, code: string): string => labels?.[locale.value] ?? code

  const disposition = (code: string): Disposition | undefined =>
    dispositions.value.find((item) => item.code === code)
  const pauseReason = (code: string | null): PauseReason | undefined =>
    pauseReasons.value.find((item) => item.code === code)
  const queue = (name: string | null): Queue | undefined => queues.value.find((item) => item.name === name)

  return {
    dispositions: computed(() => inOrder(dispositions.value)),
    pauseReasons: computed(() => inOrder(pauseReasons.value)),
    sources: computed(() => inOrder(sources.value)),
    queues,
    teams,
    load,
    settled,
    disposition,
    pauseReason,
    queue,
    dispositionLabel: (code: string): string => label(disposition(code)?.labels, code),
    pauseLabel: (code: string): string => label(pauseReason(code)?.labels, code),
    sourceTitle: (code: string): string => label(sources.value.find((item) => item.code === code)?.labels, code),
    queueTitle: (name: string): string => label(queue(name)?.title, name),
  }
})
