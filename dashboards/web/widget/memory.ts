/**
 * What survives a reload: who the visitor is, what is still to be sent, what was being written.
 *
 * All tabs of the site share it. A message waits here under its own name until the server has stored it, and is told
 * again under that name, so it does not matter which tab tells it or how often.
 */
import type { Config, Wish } from './wire'

export interface Waiting {
  key: string
  text: string
  at: string
}

export interface WaitingWish {
  key: string
  wish: Wish
  at: string
}

export class Memory {
  private readonly unkept = new Map<string, string>() // where the browser keeps nothing, this page does

  constructor(private readonly site: string) {}

  get token(): string | null {
    return this.read('token')
  }
  set token(token: string | null) {
    this.write('token', token)
  }

  get draft(): string {
    return this.read('draft') ?? ''
  }
  set draft(text: string) {
    this.write('draft', text || null)
  }

  /** Whether the panel was left open. */
  get open(): boolean {
    return this.read('open') === 'yes'
  }
  set open(open: boolean) {
    this.write('open', open ? 'yes' : null)
  }

  /** As the server told it last: a page that is opened without a connection still has its chat. */
  get config(): Config | null {
    const [kept] = parsed<Config>(this.read('config'))
    return kept ?? null
  }
  set config(config: Config | null) {
    this.write('config', config && JSON.stringify(config))
  }

  /** In the order in which they were written. Each lies by itself: tabs that write at once lose nothing. */
  get waiting(): Waiting[] {
    return this.inOrder<Waiting>('waiting.')
  }

  put(message: Waiting): void {
    this.write(`waiting.${message.key}`, JSON.stringify(message))
  }

  done(key: string): void {
    this.write(`waiting.${key}`, null)
  }

  /** Who asked to be called or answered elsewhere while nobody was reached. */
  get wishes(): WaitingWish[] {
    return this.inOrder<WaitingWish>('wish.')
  }

  putWish(wish: WaitingWish): void {
    this.write(`wish.${wish.key}`, JSON.stringify(wish))
  }

  doneWish(key: string): void {
    this.write(`wish.${key}`, null)
  }

  /** Another tab has changed something. */
  onChange(listener: () => void): void {
    addEventListener('storage', (event) => {
      if (event.key === null || event.key.startsWith(this.name(''))) listener()
    })
  }

  private name(what: string): string {
    return `perezvon.${this.site}.${what}`
  }

  private inOrder<Kept extends { at: string }>(beginning: string): Kept[] {
    return this.names(beginning)
      .flatMap((name) => parsed<Kept>(this.read(name)))
      .sort((one, other) => one.at.localeCompare(other.at))
  }

  private names(beginning: string): string[] {
    const kept = [...this.unkept.keys()]
    try {
      const start = this.name('')
      for (const name of Object.keys(localStorage)) if (name.startsWith(start)) kept.push(name.slice(start.length))
    } catch {
      // nothing is kept here
    }
    return [...new Set(kept)].filter((name) => name.startsWith(beginning))
  }

  private read(what: string): string | null {
    try {
      return localStorage.getItem(this.name(what)) ?? this.unkept.get(what) ?? null
    } catch {
      return this.unkept.get(what) ?? null
    }
  }

  private write(what: string, value: string | null): void {
    this.unkept.delete(what)
    try {
      if (value === null) localStorage.removeItem(this.name(what))
      else localStorage.setItem(this.name(what), value)
    } catch {
      if (value !== null) this.unkept.set(what, value)
    }
  }
}

function parsed<Kept>(kept: string | null): Kept[] {
  try {
    return kept ? [JSON.parse(kept) as Kept] : []
  } catch {
    return []
  }
}

/** A name nobody else gives; the random part of a page that is not served securely is made by hand. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
