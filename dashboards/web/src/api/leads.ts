/** Leads as the server writes them. */
import type { Labels } from './types'

export type LeadStage = 'new' | 'in_work' | 'offer' | 'won' | 'lost'
export type LeadReason = 'created' | 'given' | 'not_accepted' | 'taken' | 'moved' | 'released' | 'absence' | 'undone'

export interface Lead {
  id: string
  client_id: string | null
  client_name: string | null
  /** Who it may be, when several clients are reached at its address. */
  candidates: { id: string; name: string }[]
  name: string | null
  address: string | null
  email: string | null
  source: string
  source_titles: Labels
  campaign: Record<string, string>
  subject: string | null
  note: string | null
  language: string | null
  destination: string | null
  skills: string[]
  stage: LeadStage
  team_id: string | null
  team_name: string | null
  owner_id: string | null
  owner_name: string | null
  repeats: number
  given_at: string | null
  accept_by: string | null
  accepted_at: string | null
  /** When a call is promised for it. */
  call_at: string | null
  moves: number
  /** Since when nobody could be found for it. */
  nobody_since: string | null
  lost_reason: string | null
  closed_at: string | null
  created_at: string
  version: number
}

/** Somebody who was asked, with the reason in words. */
export interface AskedPerson {
  agent_id: string
  name: string
  reason: string
  words: Labels
}

/** One person's time with a lead, or nobody's; `words` is null for a person's own words. */
export interface LeadOwner {
  id: string
  agent_id: string | null
  agent_name: string | null
  from: string
  to: string | null
  reason: LeadReason
  explanation: string
  words: Labels | null
  record: { sentence: Labels; candidates: AskedPerson[] } | null
  by: string | null
  by_name: string | null
}

export interface LeadStory extends Lead {
  history: LeadOwner[]
}

/** Where leads come from. */
export interface LeadSource {
  code: string
  labels: Labels
  site_key: string | null
  team_id: string | null
  team_name: string | null
  skills: string[]
  accept_within_s: number | null
  max_moves: number
  position: number
  enabled: boolean
}
