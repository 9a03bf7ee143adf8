/**
 * What was typed and not yet sent: kept in this browser at once, and on the server a moment later.
 *
 * A reload, a second call, a lost connection or another computer loses nothing.
 */
import { type Reactive, onScopeDispose, reactive, watch } from 'vue'
import { api } from '@/api/client'
import { useSession } from '@/stores/session'

export type DraftSubject = `${'interaction' | 'client' | 'callback'}:${string}`

export interface Draft<T extends object> {
  value: Reactive<T>
  /** It has been said: what was kept is thrown away, until something is changed again. */
  forget: () => void
}

interface Kept {
  at: number
  value: unknown
}

const PREFIX = 'perezvon.draft.'
const KEPT_MS = 7 * 86_400_000
const REST_MS = 1200

function read(key: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

/** Drafts nobody came back for. */
export function dropOldDrafts(now: number): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && now - (read(key)?.at ?? 0) > KEPT_MS) localStorage.removeItem(key)
  }
}

/** What was begun in this browser about a subject, as it was left. */
export const leftDraft = (subject: DraftSubject): unknown => read(keyOf(subject))?.value

const keyOf = (subject: DraftSubject): string => `${PREFIX}${useSession().user?.id ?? ''}.${subject}`

/** Subjects that were asked for, or began, in this tab: the server has nothing newer about them. */
const settled = new Set<DraftSubject>()

/** `begunHere`: nobody can have written about it elsewhere yet. */
export function useDraft<T extends object>(subject: DraftSubject, empty: T, begunHere = false): Draft<T> {
  const key = keyOf(subject)
  const path = `/drafts/${subject}`
  const known = read(key)
  const value = reactive({ ...empty, ...(known?.value as Partial<T> | undefined) })
  let timer = 0
  let open = true

  /** Refused or unreachable, the browser's own copy is still there, and the next change tries again. */
  const send = (): void => void api.put(path, { body: value }).catch(() => undefined)

  watch(value, () => {
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), value }))
    window.clearTimeout(timer)
    timer = window.setTimeout(send, REST_MS)
  })

  const mayBeElsewhere = !known && !begunHere && !settled.has(subject)
  settled.add(subject)
  if (mayBeElsewhere) {
    api.get<{ body: Partial<T> }>(path).then(
      ({ body }) => {
        // What is being typed here already is newer than what was left elsewhere.
        if (open && !read(key)) Object.assign(value, body)
      },
      () => undefined,
    )
  }

  const follow = (event: StorageEvent): void => {
    if (event.key === key && event.newValue) Object.assign(value, read(key)?.value)
  }
  window.addEventListener('storage', follow)
  onScopeDispose(() => {
    window.removeEventListener('storage', follow)
    open = false
  })

  return {
    value,
    forget() {
      window.clearTimeout(timer)
      localStorage.removeItem(key)
      api.delete(path).catch(() => undefined)
    },
  }
}
