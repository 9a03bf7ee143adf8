/** Reading again and again what is shown: of several answers under way the one asked for last is taken, whichever comes last. */
import { type Ref, ref } from 'vue'
import { sentence } from '@/api/problems'

export interface Reading {
  /** Why what is shown may be old; empty once it was read. */
  problem: Ref<string>
  /** `ask` is told whether its answer is still wanted: a long question may then be cut short. */
  read: <T>(ask: (wanted: () => boolean) => Promise<T>, take: (answer: T) => void) => Promise<void>
}

export function useReading(): Reading {
  const problem = ref('')
  let asked = 0

  async function read<T>(ask: (wanted: () => boolean) => Promise<T>, take: (answer: T) => void): Promise<void> {
    const mine = ++asked
    const wanted = (): boolean => mine === asked
    try {
      const answer = await ask(wanted)
      if (!wanted()) return
      take(answer)
      problem.value = ''
    } catch (error) {
      if (wanted()) problem.value = sentence(error)
    }
  }
  return { problem, read }
}
