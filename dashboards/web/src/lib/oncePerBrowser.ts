/**
 * One word for all tabs of this browser: what each of them hears, one of them says.
 *
 * The tab somebody looks at says it at once; the others wait a moment and look whether it has been said. Kept in
 * `localStorage`, because locks between tabs exist only where the page came over https.
 */
const PREFIX = 'perezvon.said.'
const KEPT_MS = 10 * 60_000
const WAIT_MS = { looked_at: 0, visible: 150, hidden: 400 } as const
const JITTER_MS = 300

export type Attention = keyof typeof WAIT_MS

export interface Memory {
  readonly length: number
  key: (index: number) => string | null
  getItem: (key: string) => string | null
  setItem: (key: string, value: string) => void
  removeItem: (key: string) => void
}

/** How long this tab lets others speak first. */
export function patience(attention: Attention, random = Math.random()): number {
  const jitter = attention === 'looked_at' ? 0 : Math.floor(random * JITTER_MS)
  return WAIT_MS[attention] + jitter
}

/** True for the first to ask about this; the others have been told already. */
export function takeWord(key: string, now: number, memory: Memory = localStorage): boolean {
  forgetOld(now, memory)
  if (memory.getItem(PREFIX + key) !== null) return false
  memory.setItem(PREFIX + key, String(now))
  return true
}

function forgetOld(now: number, memory: Memory): void {
  const keys = Array.from({ length: memory.length }, (_, index) => memory.key(index) ?? '')
  for (const key of keys) {
    if (key.startsWith(PREFIX) && now - Number(memory.getItem(key)) > KEPT_MS) memory.removeItem(key)
  }
}

const attention = (): Attention => (document.hidden ? 'hidden' : document.hasFocus() ? 'looked_at' : 'visible')

/** Lets exactly one tab of this browser say it; a second time about the same `key` nobody does. */
export function oncePerBrowser(key: string, say: () => void): void {
  window.setTimeout(() => {
    if (takeWord(key, Date.now())) say()
  }, patience(attention()))
}
