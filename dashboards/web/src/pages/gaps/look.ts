/** How the state of a gap looks. */
import type { Gap } from '@/api/types'
import type { IconName } from '@/ui/icons'
import type { Tone } from '@/ui/tones'

export const GAP_LOOK: Readonly<Record<Gap['state'], { tone: Tone; icon: IconName }>> = {
  open: { tone: 'late', icon: 'warning' },
  repairing: { tone: 'hold', icon: 'clock' },
  repaired: { tone: 'ok', icon: 'ok' },
  partly: { tone: 'due', icon: 'warning' },
  unrepaired: { tone: 'due', icon: 'warning' },
}
