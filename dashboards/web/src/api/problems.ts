/** Problems in the reader's words: by code, else by kind of status. The server's English detail stays in the log. */
import { t, te } from '@/i18n'
import { Problem } from './client'

const BY_STATUS: Readonly<Record<number, string>> = {
  403: 'not_allowed',
  404: 'not_found',
  409: 'changed',
  422: 'not_understood',
  429: 'too_often',
}

export function problemKey(problem: Problem, exists: (key: string) => boolean): string {
  const byCode = `problems.${problem.code}`
  if (exists(byCode)) return byCode
  const kind = problem.status >= 500 ? 'server' : BY_STATUS[problem.status]
  return `problems.${kind ?? 'unknown'}`
}

/** What happened and what to do, in the language of the screen. */
export function sentence(error: unknown): string {
  if (!(error instanceof Problem)) return t('problems.unknown')
  return t(problemKey(error, te), { ...error.fields, seconds: error.retryAfterS ?? 0 })
}
