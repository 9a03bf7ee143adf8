/**
 * Editing a list of the company as a whole: read, change, save with the version that was read.
 *
 * When somebody was faster the person chooses: their list as it is here, or the one that is there now.
 */
import { type ComputedRef, type InjectionKey, type Ref, computed, inject, onScopeDispose, provide, ref, shallowRef, watch } from 'vue'
import { api, isProblem } from '@/api/client'
import type { Catalogue } from '@/api/types'
import { useAttempt } from '@/lib/attempt'
import { useReference } from '@/stores/reference'

export interface Editor<T> {
  items: Ref<T[]>
  known: Ref<boolean>
  dirty: ComputedRef<boolean>
  busy: Readonly<Ref<boolean>>
  problem: Ref<string>
  overtaken: Ref<boolean>
  read: () => Promise<void>
  revert: () => void
  save: () => Promise<boolean>
  /** After somebody was faster: ours over theirs. */
  insist: () => Promise<boolean>
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export function useEditor<T>(path: string, toWire: (items: T[]) => unknown[]): Editor<T> {
  const reference = useReference()
  const items = ref([]) as Ref<T[]>
  const saved = shallowRef<T[]>([])
  const version = ref(0)
  const known = ref(false)
  const overtaken = ref(false)
  const { busy, problem, attempt } = useAttempt((error) => {
    if (!isProblem(error, 'version_conflict')) return false
    overtaken.value = true
    return true
  })
  const dirty = computed(() => JSON.stringify(items.value) !== JSON.stringify(saved.value))

  function accept(catalogue: Catalogue<T>): void {
    saved.value = copy(catalogue.items)
    items.value = copy(catalogue.items)
    version.value = catalogue.version
    known.value = true
    overtaken.value = false
  }
  async function take(work: () => Promise<Catalogue<T>>): Promise<boolean> {
    const catalogue = await attempt(work)
    if (catalogue) accept(catalogue)
    return catalogue !== null
  }
  const read = async (): Promise<void> => void (await take(() => api.get<Catalogue<T>>(path)))

  async function save(): Promise<boolean> {
    const done = await take(() => api.put<Catalogue<T>>(path, { items: toWire(items.value), version: version.value }))
    if (done) void reference.load().catch(() => undefined)
    return done
  }
  async function insist(): Promise<boolean> {
    version.value = (await api.get<Catalogue<T>>(path)).version
    overtaken.value = false
    return save()
  }

  const editor: Editor<T> = {
    items,
    known,
    dirty,
    busy,
    problem,
    overtaken,
    read,
    revert: () => {
      items.value = copy(saved.value)
      problem.value = ''
    },
    save,
    insist,
  }
  useUnsaved()?.watch(editor)
  void read()
  return editor
}

type Guarded = Pick<Editor<unknown>, 'dirty' | 'save'>
export interface Unsaved {
  /** The list on the screen that has changes nobody saved. */
  current: Ref<Guarded | null>
  watch: (editor: Guarded) => void
}
const KEY: InjectionKey<Unsaved> = Symbol('unsaved changes')
/** The page asks before it lets unsaved changes go. */
export const useUnsaved = (): Unsaved | undefined => inject(KEY, undefined)

/** Leaving the page, or closing the window, asks first when something was not saved. */
export function provideUnsaved(): Unsaved {
  const current = shallowRef<Guarded | null>(null)
  const unsaved: Unsaved = {
    current,
    watch(editor) {
      watch(editor.dirty, (dirty) => (current.value = dirty ? editor : null))
      onScopeDispose(() => (current.value = null))
    },
  }
  provide(KEY, unsaved)

  const ask = (event: BeforeUnloadEvent): void => {
    if (current.value) event.preventDefault()
  }
  window.addEventListener('beforeunload', ask)
  onScopeDispose(() => window.removeEventListener('beforeunload', ask))
  return unsaved
}
