/** What the doctor says of a PBX, and what the writer asks: wire shapes and the form between them. */

export type Severity = 'fine' | 'advice' | 'fault'

export interface Finding {
  code: string
  subject: string
  severity: Severity
  says: string
  advice: string | null
  change: { file: string; lines: string[] } | null
  interaction_id: string | null
}

export interface Pbx {
  name: string
  host: string
  port: number
  state: 'up' | 'down'
  dials_clients: boolean
}

export interface ConfigurationFile {
  name: string
  place: string
  text: string
}

export type Flavour = 'plain' | 'freepbx'
export type Records = 'none' | 'csv' | 'database'

export interface QueueForm {
  name: string
  number: string
  members: string
}

/** As typed; lists are words with commas or spaces between. */
export interface CaseForm {
  name: string
  host: string
  our_address: string
  user: string
  version: string
  flavour: Flavour
  trunks: string
  queues: QueueForm[]
  outbound_context: string
  records_calls: boolean
  cdr: Records
  cel: Records
}

export function emptyCase(): CaseForm {
  return {
    name: 'main',
    host: '127.0.0.1',
    our_address: '127.0.0.1',
    user: 'perezvon',
    version: '22.10',
    flavour: 'plain',
    trunks: '',
    queues: [{ name: '', number: '', members: '' }],
    outbound_context: 'from-crm',
    records_calls: true,
    cdr: 'csv',
    cel: 'csv',
  }
}

export const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)

/** What is sent: rows nobody filled in are no queues. */
export function asCase(form: CaseForm, locale: string): Record<string, unknown> {
  const queues = form.flavour === 'freepbx' ? [] : form.queues.filter((queue) => queue.name.trim())
  return {
    ...form,
    trunks: words(form.trunks),
    queues: queues.map((queue) => ({
      name: queue.name.trim(),
      number: queue.number.trim() || null,
      members: words(queue.members),
    })),
    locale,
  }
}

const ORDER: readonly Severity[] = ['fault', 'advice', 'fine']

/** The worst first, each kind in the order it was looked at. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

export function countOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length
}
