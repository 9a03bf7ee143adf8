/**
 * Editing a card in place. A change is sent with the version that was read; for ten seconds it can
 * be taken back. When somebody was faster with the same field, the person chooses whose it shall be.
 */
import { type InjectionKey, type Ref, inject, onScopeDispose, provide, ref, shallowRef } from 'vue'
import { api, isProblem } from '@/api/client'
import { sentence } from '@/api/problems'
import type { Client } from '@/api/types'
import { useClients } from '@/stores/things'

export type TextField = 'name' | 'service_class' | 'language' | 'hint' | 'note' | 'birthday' | 'timezone'
export interface ClientPatch extends Partial<Record<TextField, string | null>> {
  owner_id?: string | null
  contact_points?: { kind: string; value: string; label?: string | null }[]
}
export type EditedField = keyof ClientPatch

export interface Conflict {
  field: EditedField
  yours: ClientPatch
  theirs: string
}

export interface ClientEdit {
  /** True when it was saved. `seen` is the card as it was when the person began to write. */
  save: (field: EditedField, patch: ClientPatch, seen?: Client) => Promise<boolean>
  /** The field that was changed within the last ten seconds. */
  undoable: Readonly<Ref<EditedField | null>>
  undo: () => Promise<void>
  conflict: Readonly<Ref<Conflict | null>>
  /** Keep what I wrote, or take what is there now. */
  settle: (keepMine: boolean) => Promise<void>
  busy: Readonly<Ref<boolean>>
  problem: Readonly<Ref<{ field: EditedField; text: string } | null>>
}

const UNDO_MS = 10_000
const KEY: InjectionKey<ClientEdit> = Symbol('client edit')

/** A card's field as it goes back to the server. */
export function asPatch(client: Client, field: EditedField): ClientPatch {
  if (field === 'contact_points') {
    return { contact_points: client.contact_points.map(({ kind, typed, label }) => ({ kind, value: typed, label })) }
  }
  return { [field]: client[field] }
}
const same = (a: ClientPatch, b: ClientPatch): boolean => JSON.stringify(a) === JSON.stringify(b)

export function provideClientEdit(client: () => Client | undefined): ClientEdit {
  const clients = useClients()
  const busy = ref(false)
  const problem = shallowRef<{ field: EditedField; text: string } | null>(null)
  const conflict = shallowRef<Conflict | null>(null)
  const last = shallowRef<{ field: EditedField; before: ClientPatch } | null>(null)
  const undoable = ref<EditedField | null>(null)
  let timer = 0
  onScopeDispose(() => window.clearTimeout(timer))

  function offerUndo(field: EditedField, before: ClientPatch): void {
    last.value = { field, before }
    undoable.value = field
    window.clearTimeout(timer)
    timer = window.setTimeout(() => (undoable.value = null), UNDO_MS)
  }

  const send = async (base: Client, patch: ClientPatch): Promise<void> =>
    void clients.put(await api.patch<Client>(`/clients/${base.id}`, { ...patch, version: base.version }))

  function clash(field: EditedField, yours: ClientPatch, now: Client): false {
    const theirs = field === 'contact_points' ? '' : String(now[field] ?? '')
    conflict.value = { field, yours, theirs }
    return false
  }

  /** Somebody was faster: with another field it is nothing to us, with this one the person decides. */
  async function sendOver(seen: Client, now: Client, field: EditedField, patch: ClientPatch): Promise<boolean> {
    if (!same(asPatch(now, field), asPatch(seen, field))) return clash(field, patch, now)
    await send(now, patch)
    return true
  }

  async function save(field: EditedField, patch: ClientPatch, seen = client()): Promise<boolean> {
    const base = client()
    if (!base || !seen || busy.value) return false
    if (same(patch, asPatch(base, field))) return true
    busy.value = true
    problem.value = null
    conflict.value = null
    try {
      const sent = await sendOver(seen, base, field, patch).catch(async (error: unknown) => {
        if (!isProblem(error, 'version_conflict')) throw error
        return sendOver(seen, await clients.read(base.id), field, patch)
      })
      if (sent) offerUndo(field, asPatch(base, field))
      return sent
    } catch (error) {
      problem.value = { field, text: sentence(error) }
      return false
    } finally {
      busy.value = false
    }
  }

  async function undo(): Promise<void> {
    const change = last.value
    if (!change) return
    if (await save(change.field, change.before)) {
      last.value = null
      undoable.value = null
    }
  }

  async function settle(keepMine: boolean): Promise<void> {
    const settled = conflict.value
    conflict.value = null
    if (settled && keepMine) await save(settled.field, settled.yours)
  }

  const edit: ClientEdit = { save, undoable, undo, conflict, settle, busy, problem }
  provide(KEY, edit)
  return edit
}

export function useClientEdit(): ClientEdit {
  const edit = inject(KEY)
  if (!edit) throw new Error('an editable field stands outside a card')
  return edit
}
