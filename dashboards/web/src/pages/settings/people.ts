/** A person as the administrator writes them, and what of it has changed. Pure but for the dice. */
import type { Account, Role } from '@/api/types'

export interface PersonForm {
  login: string
  name: string
  role: Role
  team: string
  extension: string
  queues: string[]
  enabled: boolean
  password: string
}

export const formOf = (account: Account | null): PersonForm => ({
  login: account?.login ?? '',
  name: account?.name ?? '',
  role: account?.role ?? 'agent',
  team: account?.team?.name ?? '',
  extension: account?.extension ?? '',
  queues: [...(account?.queues ?? [])],
  enabled: account?.enabled ?? true,
  password: '',
})

const orNull = (text: string): string | null => text.trim() || null

export function asNew(form: PersonForm): Record<string, unknown> {
  return {
    login: form.login.trim(),
    name: form.name.trim(),
    role: form.role,
    team: orNull(form.team),
    extension: orNull(form.extension),
    queues: form.queues,
    ...(form.password ? { password: form.password } : {}),
  }
}

/** Only what differs from what is known: the server leaves the rest alone. */
export function asChange(form: PersonForm, account: Account): Record<string, unknown> {
  const before = formOf(account)
  const change: Record<string, unknown> = {}
  if (form.name.trim() !== before.name) change.name = form.name.trim()
  if (form.role !== before.role) change.role = form.role
  if (form.team.trim() !== before.team) change.team = orNull(form.team)
  if (form.extension.trim() !== before.extension) change.extension = orNull(form.extension)
  if (form.queues.toSorted().join() !== before.queues.toSorted().join()) change.queues = form.queues
  if (form.enabled !== before.enabled) change.enabled = form.enabled
  if (form.password) change.password = form.password
  return change
}

// Without letters and digits that are taken for one another when read aloud.
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP_SIGNS = 4

/** Something to be read to a person once: `kq3m-x7fa-…`. */
export function madeUpPassword(): string {
  const dice = crypto.getRandomValues(new Uint32Array(GROUPS * GROUP_SIGNS))
  const signs = Array.from(dice, (one) => SIGNS[one % SIGNS.length]).join('')
  return (signs.match(new RegExp(`.{${GROUP_SIGNS}}`, 'g')) ?? []).join('-')
}
