/** The rules of a list that is edited as a whole: order, codes, what is still missing. Pure. */
import type { Labels } from '@/api/types'

export interface Coded {
  code: string
  labels: Labels
  enabled: boolean
}

export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const target = Math.min(items.length - 1, Math.max(0, to))
  const item = items[from]
  if (item === undefined || target === from) return [...items]
  const rest = items.filter((_, index) => index !== from)
  return [...rest.slice(0, target), item, ...rest.slice(target)]
}

const LONGEST_CODE = 50

/** A code for programs from the English name, unlike any that is there: «Offer sent» is `OFFER_SENT`. */
export function codeFrom(name: string, taken: readonly string[]): string {
  const words = name
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^[^A-Z]+|_+$/g, '')
    .slice(0, LONGEST_CODE - 4)
  const base = words || 'ITEM'
  if (!taken.includes(base)) return base
  for (let number = 2; ; number += 1) {
    const next = `${base}_${number}`
    if (!taken.includes(next)) return next
  }
}

export const isNamed = (labels: Labels): boolean => labels.ru.trim() !== '' && labels.en.trim() !== ''

/** Codes for what is new, and texts without spaces around them. */
export function finished<T extends Coded>(items: readonly T[]): T[] {
  const taken = items.map((item) => item.code).filter(Boolean)
  return items.map((item) => {
    const labels = { ru: item.labels.ru.trim(), en: item.labels.en.trim() }
    const code = item.code || codeFrom(labels.en, taken)
    if (!item.code) taken.push(code)
    return { ...item, labels, code }
  })
}
