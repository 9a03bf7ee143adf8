/**
 * One deed at a time, and a refusal told in a sentence.
 *
 * Whoever presses twice does it once. `busy` is for the button, `problem` for the line beside it.
 */
import { type Ref, ref } from 'vue'
import { sentence } from '@/api/problems'
import { useToasts } from '@/stores/toasts'

export interface Attempt {
  busy: Readonly<Ref<boolean>>
  problem: Ref<string>
  /** What the work gave; null when it was refused, or when the one before is not over yet. */
  attempt: <T>(work: () => Promise<T>) => Promise<T | null>
}

/** `tells`: says a refusal in a place of its own, and whether it did; otherwise `problem` says it. */
export function useAttempt(tells: (error: unknown) => boolean = () => false): Attempt {
  const busy = ref(false)
  const problem = ref('')

  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = ''
    try {
      return await work()
    } catch (error) {
      if (!tells(error)) problem.value = sentence(error)
      return null
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, attempt }
}

/** Where no line stands to tell a refusal on. */
export function useAttemptToldByToast(): Omit<Attempt, 'problem'> {
  const toasts = useToasts()
  const { busy, attempt } = useAttempt((error) => {
    toasts.say(sentence(error), { tone: 'problem' })
    return true
  })
  return { busy, attempt }
}
