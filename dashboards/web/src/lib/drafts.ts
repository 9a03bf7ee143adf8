/**
 * What was typed and not yet sent, kept in this browser until it is.
 *
 * A reload, a second call or a lost connection loses nothing; tabs of one browser share a draft.
 */
import { type Reactive, onScopeDispose, reactive, watch } from 'vue'
import { useSession } from '@/stores/session'

const PREFIX = 'perezvon.draft.'
const KEPT_MS = 7 * 86_400_000

interface Kept {
  at: number
  value: unknown
}

function read(key: string): unknown {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null)?.value
  } catch {
    return undefined
  }
}

/** Drafts nobody came back for. */
export function dropOldDrafts(now: number): void {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(PREFIX)) continue
    const at = (JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null)?.at ?? 0
    if (now - at > KEPT_MS) localStorage.removeItem(key)
  }
}

export interface Draft<T extends object> {
  value: Reactive<T>
  forget: () => void
}

export function useDraft<T extends object>(name: string, empty: T): Draft<T> {
  const key = `${PREFIX}${useSession().user?.id ?? ''}.${name}`
  const value = reactive({ ...empty, ...(read(key) as Partial<T> | undefined) })

  const stop = watch(value, () => localStorage.setItem(key, JSON.stringify({ at: Date.now(), value })))
  const follow = (event: StorageEvent): void => {
    if (event.key === key && event.newValue) Object.assign(value, read(key))
  }
  window.addEventListener('storage', follow)
  onScopeDispose(() => window.removeEventListener('storage', follow))

  return {
    value,
    forget() {
      stop()
      localStorage.removeItem(key)
    },
  }
}
