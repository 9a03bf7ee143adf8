/** The board, today's moves and the tails: read together, and again whenever a promise or a person has changed. */
import { type ComputedRef, type Ref, computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { BoardFigure, PromiseMove, PromisesBoard, Tails } from '@/api/board'
import { useBurst } from '@/lib/burst'
import { now } from '@/lib/clock'
import { useReading } from '@/lib/reading'
import { startOfDay } from '@/lib/time'
import { versionsOf } from '@/lib/versioned'
import { useLink } from '@/live/link'
import { useSession } from '@/stores/session'
import { useCallbacks } from '@/stores/things'
import { type Window, windowAround } from './board'

/** A watchdog moves many at once: one reading answers for all of them. */
const GATHER_MS = 1000
/** Promises of others fall due without any event: whoever looks, looks again. */
const LOOK_AGAIN_MS = 30_000
const TAILS = 100

export type Span = 'hours' | 'day'

export interface BoardData {
  board: Readonly<Ref<PromisesBoard | null>>
  moves: ComputedRef<readonly PromiseMove[]>
  tails: Readonly<Ref<Tails | null>>
  known: ComputedRef<boolean>
  problem: Readonly<Ref<string>>
  figure: (name: string) => BoardFigure | undefined
  read: () => Promise<void>
}

export function useBoardData(span: Ref<Span>, team: Ref<string | null>): BoardData {
  const session = useSession()
  const link = useLink()
  const callbacks = useCallbacks()
  const board = shallowRef<PromisesBoard | null>(null)
  const moves = shallowRef<readonly PromiseMove[]>([])
  const tails = shallowRef<Tails | null>(null)
  const { problem, read: readAnew } = useReading()

  function asks(): Window {
    if (span.value === 'hours') return windowAround(now.value)
    return { from: startOfDay(now.value, session.timezone), to: startOfDay(now.value, session.timezone, 1) }
  }
  function ask() {
    const { from, to } = asks()
    const of = team.value ? { team_id: team.value } : {}
    return Promise.all([
      api.get<PromisesBoard>('/promises/board', { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...of }),
      api.get<{ items: PromiseMove[] }>('/promises/moves', {
        from: new Date(startOfDay(now.value, session.timezone)).toISOString(),
        ...of,
      }),
      api.get<Tails>('/tails', { limit: TAILS, ...of }),
    ])
  }
  const read = (): Promise<void> =>
    readAnew(ask, ([lanes, moved, late]) => {
      board.value = lanes
      moves.value = moved.items
      tails.value = late
      callbacks.putAll(late.items)
    })
  const readSoon = useBurst(() => void read(), GATHER_MS)
  watch([() => link.generation, span, team], read, { immediate: true })
  watch([() => versionsOf(callbacks.byId), () => Math.floor(now.value / LOOK_AGAIN_MS)], readSoon)

  return {
    board,
    moves: computed(() => moves.value),
    tails,
    known: computed(() => board.value !== null),
    problem,
    figure: (name) => board.value?.figures.find((one) => one.name === name),
    read,
  }
}
