/** People's names made short, and what they are to each other. */
import { t, te } from '@/i18n'

const ONE_LETTER = /^\p{L}/u

/** «Динара Абенова» → «ДА». */
export function initials(name: string): string {
  const letters = name
    .split(/\s+/)
    .map((word) => ONE_LETTER.exec(word)?.[0] ?? '')
    .filter(Boolean)
  return letters.slice(0, 2).join('').toUpperCase()
}

/** «Руслан Каримов» → «Руслан К.»; companies and single names stay whole. */
export function shortName(name: string): string {
  const [first, last, ...rest] = name.trim().split(/\s+/)
  if (!first || !last || rest.length > 1 || !ONE_LETTER.test(first) || !ONE_LETTER.test(last)) return name
  if (first.length < 2 || first === first.toUpperCase()) return name
  return `${first} ${last[0]}.`
}

/** «жена» for the code `wife`; what was written by hand stays as it is. */
export function relationName(relation: string): string {
  const key = `relation.${relation}`
  return te(key) ? t(key) : relation
}
