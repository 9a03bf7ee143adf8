/** Why a promise came to its owner, as lines of a clock. */
import type { ExplainedMove } from '@/api/board'
import type { Callback, HistoryReason, OwnerChange } from '@/api/types'
import { t } from '@/i18n'
import { useFormats } from '@/lib/format'
import { shortName } from '@/lib/names'

export interface ClockLine {
  at: string
  text: string
  mark: 'plain' | 'late' | 'ok'
}

const MOVED: readonly HistoryReason[] = ['late', 'taken_over', 'absence', 'moved', 'undone']

/** The last step by which it came from one person to another. */
export const handedOver = (promise: Callback | undefined): OwnerChange | undefined =>
  promise?.history.findLast((step, index) => index > 0 && MOVED.includes(step.reason))

/** Every moment it was decided by, in order. */
export function clocksOf(move: ExplainedMove): ClockLine[] {
  const { clocks } = move
  const formats = useFormats()
  const from = shortName(move.from_agent_name ?? '')
  const to = shortName(move.to_agent_name ?? '')
  const late = clocks.late_s === null ? null : formats.lateness(clocks.late_s)
  const came = to
    ? late === null
      ? t('board.clock.moved', { to })
      : t('board.clock.moved_late', { to, late })
    : t('board.clock.to_queue')
  const lines: (ClockLine | null)[] = [
    { at: clocks.promised_at, text: t('board.clock.promised', { time: formats.dayTime(clocks.due_at) }), mark: 'plain' },
    clocks.warned_at ? { at: clocks.warned_at, text: t('board.clock.warned', { who: from }), mark: 'plain' } : null,
    Date.parse(clocks.due_at) <= Date.parse(clocks.at)
      ? { at: clocks.due_at, text: t('board.clock.due'), mark: 'late' }
      : null,
    clocks.grace_from && Date.parse(clocks.grace_from) > Date.parse(clocks.due_at)
      ? { at: clocks.grace_from, text: t('board.clock.grace'), mark: 'plain' }
      : null,
    ...clocks.gaps.flatMap((gap): ClockLine[] => [
      { at: gap.from, text: t('board.clock.gap_from'), mark: 'plain' },
      { at: gap.to, text: t('board.clock.gap_to'), mark: 'plain' },
    ]),
    {
      at: clocks.at,
      text: came,
      mark: clocks.late_s === null ? 'plain' : 'late',
    },
    move.undone_at ? { at: move.undone_at, text: t('board.clock.undone', { who: from }), mark: 'plain' } : null,
    move.closed_at && move.state === 'kept' ? { at: move.closed_at, text: t('board.clock.kept'), mark: 'ok' } : null,
  ]
  return lines.filter((line) => line !== null).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}
