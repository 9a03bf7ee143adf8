/** The missed callers of a period, read again whenever a call or a promise says that something has changed. */
import { type ComputedRef, type Ref, computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { Figure, GapMark, MissedCaller, MissedPage } from '@/api/types'
import { useBurst } from '@/lib/burst'
import { now } from '@/lib/clock'
import { useReading } from '@/lib/reading'
import { startOfDay } from '@/lib/time'
import { versionsOf } from '@/lib/versioned'
import { useLink } from '@/live/link'
import { useSession } from '@/stores/session'
import { useCallbacks, useInteractions } from '@/stores/things'
import { type MissedFilters, callerId } from './missed'

const PAGE = 100
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
  readMore: () => Promise<void>
  /** From the first page: the list has been narrowed anew. */
  readAnew: () => Promise<void>
}

export function useMissedList(filters: Ref<MissedFilters>): MissedList {
  const session = useSession()
  const link = useLink()
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  /** All that is shown, as one page, however many it was read in. */
  const page = shallowRef<MissedPage | null>(null)
  let pages = 1
  const { problem, read: readAll } = useReading()

  function ask(cursor: string | null): Promise<MissedPage> {
    const { state, kind, queue, team, period } = filters.value
    const days = period === 'week' ? 1 - WEEK_DAYS : 0
    return api.get<MissedPage>('/abandoned', {
      order: 'waiting',
      from: new Date(startOfDay(now.value, session.timezone, days)).toISOString(),
      limit: PAGE,
      ...(state === 'all' ? {} : { state }),
      ...(kind ? { kind } : {}),
      ...(queue ? { queue } : {}),
      ...(team ? { team_id: team } : {}),
      ...(cursor ? { cursor } : {}),
    })
  }
  /** Whoever tries again between two pages may be on both: the later reading is the true one. */
  const joined = (first: MissedPage, then: MissedPage): MissedPage => {
    const callers = new Map([...first.items, ...then.items].map((row) => [callerId(row), row]))
    return { ...then, items: [...callers.values()] }
  }
  async function askAll(wanted: () => boolean): Promise<MissedPage> {
    let told = await ask(null)
    for (let more = pages - 1; more > 0 && told.next !== null && wanted(); more -= 1) told = joined(told, await ask(told.next))
    return told
  }
  const read = (): Promise<void> => readAll(askAll, (told) => (page.value = told))
  function readMore(): Promise<void> {
    pages += 1
    return read()
  }
  function readAnew(): Promise<void> {
    pages = 1
    return read()
  }
  const readSoon = useBurst(() => void read(), GATHER_MS)
  watch(() => link.generation, read, { immediate: true })
  watch([() => versionsOf(interactions.byId), () => versionsOf(callbacks.byId), () => Math.floor(now.value / LOOK_AGAIN_MS)], readSoon)

  return {
    rows: computed(() => (page.value?.items ?? []).map((row) => ({ ...row, id: callerId(row) }))),
    figures: computed(() => page.value?.figures ?? []),
    gaps: computed(() => page.value?.gaps ?? []),
    known: computed(() => page.value !== null),
    problem,
    more: computed(() => page.value?.next != null),
    read,
    readMore,
    readAnew,
  }
}
