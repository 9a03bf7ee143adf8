/** Rules for late promises, as the server tells them. */
import type { Labels } from './types'

export type PolicyAction = 'move' | 'unlock' | 'notify'

/** What a person decides of a rule; times count from the deadline, null limits concern everybody. */
export interface Rule {
  action: PolicyAction
  grace_s: number
  warn_before_s: number | null
  takeover_after_s: number | null
  max_moves: number | null
  cooldown_s: number | null
  working_time: boolean
  team: string | null
  service_class: string | null
  lead_state: string | null
  attempts: number | null
  retry_after_s: number | null
  enabled: boolean
}

export interface Policy extends Rule {
  name: string
  version: number
  /** What it does, in words. */
  sentence: Labels
  created_at: string
  by: string | null
  by_name: string | null
}

/** Something odd about a rule that may be. */
export interface PolicyWarning {
  code: string
  field: keyof Rule
  words: Labels
}

export interface PolicyPreview {
  sentence: Labels
  warnings: PolicyWarning[]
}

export interface ReplayedMove {
  callback_id: string
  client_id: string | null
  client_name: string | null
  due_at: string
  at: string
  late_s: number
  from_name: string
  /** Null: nobody could be found, the supervisor would have been told. */
  to_name: string | null
}

export interface ReplayedShare {
  agent_id: string
  name: string
  count: number
}

/** What a rule would have done. */
export interface PolicyReplay {
  concerned: number
  overdue: number
  moved: number
  nobody: number
  moves: ReplayedMove[]
  truncated: boolean
  given: ReplayedShare[]
  taken: ReplayedShare[]
  /** Since when it is known who was at the desk. */
  known_from: string | null
}
