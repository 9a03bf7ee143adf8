/** Many things happen at once and one answer serves them all: `work` is done a while after the first of them. */
import { onScopeDispose } from 'vue'

export function useBurst(work: () => void, gatherMs: number): () => void {
  let waiting: number | undefined
  onScopeDispose(() => window.clearTimeout(waiting))
  return () => {
    waiting ??= window.setTimeout(() => {
      waiting = undefined
      work()
    }, gatherMs)
  }
}
