/** Teams, hours, people and absences, as the server tells them. */
import type { AgentState, Role } from './types'

/** `00:00` as the end is midnight, the end of the day. */
export interface OpenSpan {
  opens: string
  closes: string
}

export interface WorkCalendar {
  id: string
  name: string
  zone: string
  country: 'KZ' | 'RU' | null
  /** From Monday to Sunday. */
  week: OpenSpan[][]
  days: Record<string, OpenSpan[]>
  version: number
  teams: string[]
  people: number
}

export type DayRule = 'own' | 'holiday' | 'working_weekend' | 'week'

export interface WorkDay {
  day: string
  hours: OpenSpan[]
  rule: DayRule
}

export type Strategy = 'team' | 'least_loaded' | 'round_robin' | 'best_fit'

export interface TeamRules {
  id: string
  name: string
  calendar_id: string | null
  calendar: string | null
  strategy: Strategy
  load_cap: number
  load_warning: number
  hourly_cap: number
  long_pause_s: number
  accept_within_s: number
  version: number
  people: number
  supervisors: string[]
  queues: string[]
}

export interface PersonLoad {
  active_clients: number
  promises: number
  late: number
  leads: number
  clients: number
  cap: number | null
  warning: number | null
}

/** What one person would get of what another holds; `stuck`: nobody could take it, so the supervisor answers for it. */
export interface ShareOf {
  agent_id: string
  agent_name: string
  stuck: boolean
  promises: number
  leads: number
  clients: number
}

export type AbsenceKind = 'vacation' | 'sick' | 'training' | 'other'

/** A person as those who lead them see them. */
export interface Person {
  id: string
  login: string
  name: string
  role: Role
  team_id: string | null
  team: string | null
  skills: string[]
  languages: string[]
  takes_work: boolean
  enabled: boolean
  calendar_id: string | null
  calendar: string | null
  state: AgentState
  load: PersonLoad
  absence: { kind: AbsenceKind; until: string | null } | null
}

export interface KnownWord {
  word: string
  people: number
}

export interface KnownWords {
  skills: KnownWord[]
  languages: KnownWord[]
}

export interface Absence {
  id: string
  user_id: string
  user_name: string
  kind: AbsenceKind
  from_at: string
  to_at: string | null
  note: string | null
  by: string | null
  by_name: string | null
  created_at: string
  state: 'planned' | 'current' | 'over'
}

export interface AbsencePreview {
  promises: { id: string; client_id: string | null; client_name: string | null; subject: string | null; due_at: string }[]
  promises_count: number
  leads: { id: string; client_id: string | null; name: string | null; subject: string | null; stage: string }[]
  leads_count: number
  trips: {
    id: string
    client_id: string
    client_name: string
    title: string
    destination: string
    starts_on: string
    ends_on: string
  }[]
  trips_count: number
}
