/** The state of a call, said three ways: an icon, a colour and a word. Pure. */
import type { Interaction } from '@/api/types'
import type { IconName } from '@/ui/icons'
import type { Tone } from '@/ui/tones'

export interface CallLook {
  tone: Tone
  icon: IconName
  /** A key of the catalogue. */
  word: string
}

const LIVE: Readonly<Record<'ringing' | 'dialling' | 'talking' | 'wrap_up', CallLook>> = {
  ringing: { tone: 'ringing', icon: 'ringing', word: 'calls.state.ringing' },
  dialling: { tone: 'ringing', icon: 'call-out', word: 'calls.state.dialling' },
  talking: { tone: 'talking', icon: 'handset', word: 'calls.state.talking' },
  wrap_up: { tone: 'wrapup', icon: 'pencil', word: 'calls.state.wrap_up' },
}

export function callLook(call: Interaction): CallLook {
  const outbound = call.direction === 'outbound'
  switch (call.state) {
    case 'offered':
    case 'queued':
      return outbound ? LIVE.dialling : LIVE.ringing
    case 'active':
      return LIVE.talking
    case 'wrap_up':
      return LIVE.wrap_up
    case 'closed':
      return closedLook(call, outbound)
  }
}

function closedLook(call: Interaction, outbound: boolean): CallLook {
  const direction: IconName = outbound ? 'call-out' : 'call-in'
  if (call.outcome === null) return { tone: 'due', icon: 'warning', word: 'calls.state.unsure' }
  const word = `common.outcome.${call.outcome}`
  if (call.outcome === 'answered') return { tone: 'neutral', icon: direction, word }
  // Whom we did not reach is no reproach to anybody; who did not reach us may still be waiting.
  if (outbound || call.outcome === 'short_abandoned') return { tone: 'neutral', icon: 'call-lost', word }
  if (call.outcome === 'voicemail') return { tone: 'due', icon: 'sound', word }
  return { tone: 'late', icon: 'call-lost', word }
}
