/** A word being typed that asks for a list: `/price` for ready answers, `@Ann` for colleagues. Pure. */

export interface Asked {
  /** What follows the sign so far. */
  query: string
  /** Where the sign stands. */
  start: number
}

/** The word at the caret, when it begins with the sign at the beginning of a word. */
export function askedAt(text: string, caret: number, sign: '/' | '@'): Asked | null {
  const before = text.slice(0, caret)
  const start = before.lastIndexOf(sign)
  if (start < 0 || /\S/.test(before[start - 1] ?? ' ')) return null
  const query = before.slice(start + 1)
  return /\s/.test(query) ? null : { query, start }
}

/** The text with what was chosen in place of the asking word, and where the caret then stands. */
export function insertAt(text: string, asked: Asked, caret: number, chosen: string): { text: string; caret: number } {
  const before = text.slice(0, asked.start) + chosen
  return { text: before + text.slice(caret), caret: before.length }
}

const folded = (text: string): string => text.toLocaleLowerCase()

/** Those whose any part begins with what is asked; without a question all of them. */
export function matching<T>(items: readonly T[], query: string, partsOf: (item: T) => readonly string[]): T[] {
  const wanted = folded(query)
  return items.filter((item) => partsOf(item).some((part) => part.split(/[\s-]+/).some((word) => folded(word).startsWith(wanted))))
}
