/** What a colour means. Every state is said three ways: an icon, a colour and a word. */
import type { AgentState } from '@/api/types'
import type { IconName } from './icons'

export type Tone =
  | 'neutral'
  | 'due'
  | 'late'
  | 'ringing'
  | 'talking'
  | 'hold'
  | 'wrapup'
  | 'paused'
  | 'offline'
  | 'ok'
  | 'danger'

export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  neutral: 'text-muted',
  due: 'text-due',
  late: 'text-late',
  ringing: 'text-ringing',
  talking: 'text-talking',
  hold: 'text-hold',
  wrapup: 'text-wrapup',
  paused: 'text-paused',
  offline: 'text-offline',
  ok: 'text-ok',
  danger: 'text-danger',
}

export const TONE_SOFT: Readonly<Record<Tone, string>> = {
  neutral: 'bg-surface-3 text-muted',
  due: 'bg-due-soft text-due',
  late: 'bg-late-soft text-late',
  ringing: 'bg-ringing-soft text-ringing',
  talking: 'bg-talking-soft text-talking',
  hold: 'bg-hold-soft text-hold',
  wrapup: 'bg-wrapup-soft text-wrapup',
  paused: 'bg-paused-soft text-paused',
  offline: 'bg-offline-soft text-offline',
  ok: 'bg-ok-soft text-ok',
  danger: 'bg-danger-soft text-danger',
}

export const AGENT_STATES: Readonly<Record<AgentState, { tone: Tone; icon: IconName }>> = {
  available: { tone: 'ok', icon: 'ok' },
  ringing: { tone: 'ringing', icon: 'ringing' },
  talking: { tone: 'talking', icon: 'handset' },
  hold: { tone: 'hold', icon: 'hold' },
  wrap_up: { tone: 'wrapup', icon: 'pencil' },
  paused: { tone: 'paused', icon: 'paused' },
  offline: { tone: 'offline', icon: 'offline' },
}
