/** What was just done is said, and for a while taken back as easily as it was done. */
import type { Ref } from 'vue'
import { t } from '@/i18n'
import { useToasts } from '@/stores/toasts'

const UNDO_MS = 10_000

/** `back` gives nothing when it was refused; `problem` then says why. */
export type OfferUndo = (said: string, back: () => Promise<unknown>) => void

export function useUndo(problem: Readonly<Ref<string>>): OfferUndo {
  const toasts = useToasts()
  return (said, back) => {
    const takeBack = async (): Promise<void> => {
      if (!(await back()) && problem.value) toasts.say(problem.value, { tone: 'problem' })
    }
    toasts.say(said, { action: { label: t('common.undo'), run: () => void takeBack() }, lastsMs: UNDO_MS })
  }
}
