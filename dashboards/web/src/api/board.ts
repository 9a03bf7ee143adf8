/** The board of promises on the wire: lanes, moves with their explanations, tails. */
import type { Agent, Callback, CallbackState, Figure, GapMark, HistoryReason, Labels, Page } from './types'

/** A figure that opens to its rows. */
export interface BoardFigure extends Figure {
  rows: { path: string; query: Record<string, string> } | null
}

export interface BoardPill {
  id: string
  client_id: string | null
  client_name: string | null
  address: string | null
  subject: string | null
  state: CallbackState
  due_at: string
  escalate_at: string | null
  takeover_at: string | null
  claimed_by: string | null
  claimed_until: string | null
  policy: string | null
  moves: number
  nobody_since: string | null
  tail: boolean
  version: number
}

/** One hand-over; `words` null: `explanation` is a person's own. */
export interface PromiseMove {
  id: string
  callback_id: string
  at: string
  reason: HistoryReason
  explanation: string
  words: Labels | null
  by: string | null
  by_name: string | null
  from_agent_id: string | null
  from_agent_name: string | null
  to_agent_id: string | null
  to_agent_name: string | null
  queue: string | null
  client_id: string | null
  client_name: string | null
  address: string | null
  subject: string | null
  state: CallbackState
  due_at: string
  closed_at: string | null
  late_s: number | null
  policy: string | null
  undone_at: string | null
}

export interface ExplainedMove extends PromiseMove {
  clocks: {
    promised_at: string
    due_at: string
    grace_from: string | null
    warned_at: string | null
    escalate_at: string | null
    at: string
    late_s: number | null
    late_by: 'agent' | 'system' | null
    forgiven_s: number
    gaps: { from: string; to: string }[]
  }
  rule: { name: string; version: number; made_at: string | null; words: Labels | null } | null
  strategy: string | null
  candidates: { agent_id: string; name: string; reason: string; words: Labels }[]
  near_cap: boolean
  try_again_at: string | null
  undo: { allowed: boolean; code: string | null }
}

/** A person's, or what a queue has and nobody has taken. */
export interface BoardLane {
  agent: Agent | null
  queue: string | null
  owed: number
  late: number
  tails: number
  /** Late since before the window. */
  earlier: number
  promises: BoardPill[]
  gone: PromiseMove[]
}

export interface PromisesBoard {
  at: string
  from: string
  to: string
  since: string
  next_move_at: string | null
  gaps: GapMark[]
  figures: BoardFigure[]
  tail: Labels
  rules: { name: string; version: number; action: string; words: Labels }[]
  lanes: BoardLane[]
  cut: boolean
}

export interface TailSum {
  count: number
  total_s: number
  longest_s: number | null
  median_s: number | null
}

export interface Tails extends Page<Callback> {
  definition: Labels
  fresh_at: string
  total: TailSum
  people: (TailSum & { agent_id: string | null; agent_name: string | null; queue: string | null; team_id: string | null })[]
  teams: (TailSum & { team_id: string | null; team_name: string | null })[]
}

/** What became of one promise of many that were to be taken over, or would become of it. */
export interface TakeOverVerdict {
  id: string
  result: 'taken' | 'would_take' | 'already' | 'refused'
  code: string | null
  /** What the refusal is about, as in a problem document. */
  fields: Record<string, unknown>
  callback: Callback | null
}
