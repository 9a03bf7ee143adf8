/** The board, today's moves and the tails: read together, and again whenever a promise or a person has changed. */
import { type ComputedRef, type Ref, computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { BoardFigure, PromiseMove, PromisesBoard, Tails } from '@/api/board'
import { sentence } from '@/api/problems'
import { now } from '@/lib/clock'
import { startOfDay } from '@/lib/time'
import type { Versioned } from '@/lib/versioned'
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

const versions = (things: ReadonlyMap<string, Versioned>): number =>
  Array.from(things.values()).reduce((sum, thing) => sum + thing.version, things.size)

export function useBoardData(span: Ref<Span>, team: Ref<string | null>): BoardData {
  const session = useSession()
  const link = useLink()
  const callbacks = useCallbacks()
  const board = shallowRef<PromisesBoard | null>(null)
  const moves = shallowRef<readonly PromiseMove[]>([])
  const tails = shallowRef<Tails | null>(null)
  const problem = ref('')
  let asked = 0
  let gathering: number | undefined

  function asks(): Window {
    if (span.value === 'hours') return windowAround(now.value)
    return { from: startOfDay(now.value, session.timezone), to: startOfDay(now.value, session.timezone, 1) }
  }
  async function read(): Promise<void> {
    const asking = ++asked
    const { from, to } = asks()
    const of = team.value ? { team_id: team.value } : {}
    try {
      const [lanes, moved, late] = await Promise.all([
        api.get<PromisesBoard>('/promises/board', { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...of }),
        api.get<{ items: PromiseMove[] }>('/promises/moves', {
          from: new Date(startOfDay(now.value, session.timezone)).toISOString(),
          ...of,
        }),
        api.get<Tails>('/tails', { limit: TAILS, ...of }),
      ])
      if (asking !== asked) return
      board.value = lanes
      moves.value = moved.items
      tails.value = late
      callbacks.putAll(late.items)
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
  watch([() => link.generation, span, team], read, { immediate: true })
  watch([() => versions(callbacks.byId), () => Math.floor(now.value / LOOK_AGAIN_MS)], readSoon)
  onScopeDispose(() => window.clearTimeout(gathering))

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
