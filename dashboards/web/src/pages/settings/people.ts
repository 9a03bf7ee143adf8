/** A person as the administrator writes them, and what of it has changed. Pure but for the dice. */
import type { Person } from '@/api/people'
import type { Account, Role } from '@/api/types'

export interface PersonForm {
  login: string
  name: string
  role: Role
  team: string
  extension: string
  queues: string[]
  /** Empty: the team's hours. */
  calendar: string
  skills: string[]
  languages: string[]
  takesWork: boolean
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
  calendar: account?.calendar_id ?? '',
  skills: [...(account?.skills ?? [])],
  languages: [...(account?.languages ?? [])],
  takesWork: account?.takes_work ?? true,
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

const differ = (one: readonly string[], other: readonly string[]): boolean => one.toSorted().join() !== other.toSorted().join()

/** Only what differs from what is known: the server leaves the rest alone. */
export function asChange(form: PersonForm, account: Account): Record<string, unknown> {
  const before = formOf(account)
  const change: Record<string, unknown> = {}
  if (form.name.trim() !== before.name) change.name = form.name.trim()
  if (form.role !== before.role) change.role = form.role
  if (form.team.trim() !== before.team) change.team = orNull(form.team)
  if (form.extension.trim() !== before.extension) change.extension = orNull(form.extension)
  if (differ(form.queues, before.queues)) change.queues = form.queues
  if (form.calendar !== before.calendar) change.calendar_id = form.calendar || null
  if (differ(form.skills, before.skills)) change.skills = form.skills
  if (differ(form.languages, before.languages)) change.languages = form.languages
  if (form.takesWork !== before.takesWork) change.takes_work = form.takesWork
  if (form.enabled !== before.enabled) change.enabled = form.enabled
  if (form.password) change.password = form.password
  return change
}

/** Instead of a person: each client's things go to whom the engine chooses. */
export const ENGINE = 'engine'

/** Somebody who may be given what another holds; how many clients they look after, where one may know. */
export interface Heir {
  id: string
  name: string
  clients: number | null
}

/** Whoever works here, is not away, and is not the one who goes. */
export const heirsOf = (people: readonly Person[], leaver: string): Heir[] =>
  people
    .filter(({ id, enabled, absence }) => enabled && !absence && id !== leaver)
    .map(({ id, name, load }) => ({ id, name, clients: load.active_clients }))

/** Words are compared by the server in lower case; one that is there already is not added again. */
export function withWord(words: readonly string[], typed: string): string[] {
  const word = typed.trim().replace(/\s+/g, ' ').toLowerCase()
  return word === '' || words.includes(word) ? [...words] : [...words, word]
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
