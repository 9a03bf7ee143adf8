/** The missed callers of a period, read again whenever a call or a promise says that something has changed. */
import { type ComputedRef, type Ref, computed, onScopeDispose, shallowRef, ref, watch } from 'vue'
import { api } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Figure, GapMark, MissedCaller, MissedPage } from '@/api/types'
import { now } from '@/lib/clock'
import { startOfDay } from '@/lib/time'
import type { Versioned } from '@/lib/versioned'
import { useLink } from '@/live/link'
import { useSession } from '@/stores/session'
import { useCallbacks, useInteractions } from '@/stores/things'
import { type MissedFilters, callerId } from './missed'

const MOST = 100
const WEEK_DAYS = 7
/** Calls of a busy morning come in a burst: one reading answers for all of them. */
const GATHER_MS = 400
/** A caller of one's queue who reached nobody's phone is told to supervisors only: whoever looks, looks again. */
const LOOK_AGAIN_MS = 30_000

export type MissedRow = MissedCaller & { id: string }

export interface MissedList {
  rows: ComputedRef<MissedRow[]>
  figures: Readonly<Ref<readonly Figure[]>>
  /** When somebody may have called whom nobody heard. */
  gaps: Readonly<Ref<readonly GapMark[]>>
  known: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  /** There are more than are shown. */
  more: ComputedRef<boolean>
  read: () => Promise<void>
}

const versions = (things: ReadonlyMap<string, Versioned>): number =>
  Array.from(things.values()).reduce((sum, thing) => sum + thing.version, things.size)

export function useMissedList(filters: Ref<MissedFilters>): MissedList {
  const session = useSession()
  const link = useLink()
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  const page = shallowRef<MissedPage | null>(null)
  const problem = ref('')
  let asked = 0
  let gathering: number | undefined

  async function read(): Promise<void> {
    const asking = ++asked
    const { state, kind, queue, period } = filters.value
    const days = period === 'week' ? 1 - WEEK_DAYS : 0
    try {
      const told = await api.get<MissedPage>('/abandoned', {
        order: 'waiting',
        from: new Date(startOfDay(now.value, session.timezone, days)).toISOString(),
        limit: MOST,
        ...(state === 'all' ? {} : { state }),
        ...(kind ? { kind } : {}),
        ...(queue ? { queue } : {}),
      })
      if (asking !== asked) return
      page.value = told
      problem.value = ''
    } catch (error) {
      if (asking === asked) problem.value = sentence(error)
    }
  }
  function readSoon(): void {
    gathering ??= window.setTimeout(() => {
      gathering = undefined
      void read()
    }, GATHER_MS)
  }
  watch([filters, () => link.generation], () => void read(), { immediate: true })
  watch([() => versions(interactions.byId), () => versions(callbacks.byId), () => Math.floor(now.value / LOOK_AGAIN_MS)], readSoon)
  onScopeDispose(() => window.clearTimeout(gathering))

  return {
    rows: computed(() => (page.value?.items ?? []).map((row) => ({ ...row, id: callerId(row) }))),
    figures: computed(() => page.value?.figures ?? []),
    gaps: computed(() => page.value?.gaps ?? []),
    known: computed(() => page.value !== null),
    problem,
    more: computed(() => page.value?.next != null),
    read,
  }
}
