/**
 * The conversation as this page knows it: what the server told, what still waits to be told.
 *
 * Every coming to the server begins with what it knows, so nothing has to be kept here; a message of the visitor is
 * shown as stored only when the server says so.
 */
import { FileStore, type KeptFile } from './fileStore'
import { Link } from './link'
import { Memory, newKey } from './memory'
import { isProblem, type Entered, type Hours, type Message, type Problem, type Stored, type Wish } from './wire'

const AGAIN_MS = 3_000
/** Wishes are counted by the server: it is not asked often. */
const WISH_AGAIN_MS = 60_000
const TYPING_EVERY_MS = 3_000
const TYPING_LASTS_MS = 6_000
/** Of an answer that says "later", and not "never". */
const LATER = new Set([408, 409, 429])

export type State = 'sending' | 'waiting' | 'sent' | 'read' | 'failed'

export interface Line {
  key: string // the same from the moment it is written
  message: Message
  state: State | null // null: not ours
}

interface FileOnItsWay extends KeptFile {
  failed: boolean
  kept: boolean // after a reload it is here again
  going: boolean
}

export interface ChatOptions {
  base: URL
  site: string
  memory: Memory
  visit: () => object
  identity: () => string | null
}

export class Chat {
  readonly link: Link
  hours: Hours | null = null
  more = false
  up = false
  private tried = false
  theyType = false
  private looking = false
  private readUntil: string | null = null
  private readonly known = new Map<string, Message>()
  private readonly refused = new Map<string, Message>()
  private files: FileOnItsWay[] = []
  private telling = false
  private typedAt = 0
  private typingEnds = 0
  private tellingWishes = false
  private readonly memory: Memory
  private readonly store: FileStore
  /** What became of a wish that had to wait; null: nothing to be said. */
  wishFate: 'noted' | Problem | null = null

  constructor(
    options: ChatOptions,
    private readonly changed: () => void,
  ) {
    this.memory = options.memory
    this.store = new FileStore(`perezvon.${options.site}`)
    const auth = (): Record<string, unknown> => ({
      token: this.memory.token,
      identity: options.identity(),
      visit: options.visit(),
    })
    this.link = new Link(options.base, options.site, auth, {
      onHello: (token, vouched) => {
        // What a site vouched for ends with its word; a visitor who leaves the account is somebody new.
        this.memory.token = vouched ? null : token
      },
      onUp: () => void this.enter(),
      onDown: () => {
        this.tried = true
        this.up = this.theyType = false
        this.changed()
      },
      onNews: (name, payload) => this.hear(name, payload),
    })
    this.memory.onChange(() => {
      void this.tell()
      this.changed()
    })
  }

  /** Everything there is to be shown, in order. */
  get lines(): Line[] {
    const stored = [...this.known.values()].sort((one, other) => order(one).localeCompare(order(other)))
    const keys = new Set(stored.map((message) => message.key))
    const unstored = [
      ...this.memory.waiting.map((one) => ({ ...one, failed: false, name: '' })),
      ...this.files.map((one) => ({ ...one, text: '', name: one.file.name })),
    ].filter((one) => !keys.has(one.key))
    return [
      ...stored.map((message) => ({ key: message.key ?? message.id, message, state: this.stateOf(message) })),
      ...[...this.refused.values()].map((message): Line => ({ key: message.id, message, state: 'failed' })),
      ...unstored.map((one): Line => {
        const state = one.failed ? 'failed' : this.up ? 'sending' : 'waiting'
        return { key: one.key, message: unsent(one.key, one.text, one.at, one.name), state }
      }),
    ]
  }

  /** Nobody is reached, and it is not for want of trying. */
  get away(): boolean {
    return this.tried && !this.up
  }

  get unread(): number {
    return [...this.known.values()].filter((message) => !message.mine && message.state !== 'read').length
  }

  /** Something of this visitor's is here or at the server, so it is worth asking whether there is news. */
  get begun(): boolean {
    const { token, waiting, wishes } = this.memory
    return token !== null || waiting.length + wishes.length + this.files.length > 0
  }

  /** What this browser kept when the page was left. */
  async recall(): Promise<void> {
    const kept = await this.store.all()
    this.files.push(...kept.map((one) => ({ ...one, failed: false, kept: true, going: false })))
  }

  say(text: string): void {
    this.wishFate = null
    this.memory.put({ key: newKey(), text, at: new Date().toISOString() })
    this.typedAt = 0
    this.changed()
    void this.tell()
  }

  sendFiles(files: Iterable<File>): void {
    for (const file of files) {
      const one = { key: newKey(), file, at: new Date().toISOString(), failed: false, kept: false, going: false }
      this.files.push(one)
      void this.keepAndSend(one)
    }
    this.changed()
  }

  retryFile(key: string): void {
    const one = this.files.find((file) => file.key === key)
    if (one) void this.sendFile(one)
  }

  /** What is wrong with the wish; null: it is noted. Without an answer it waits, and is told again: twice is once. */
  async wish(wish: Wish): Promise<Problem | 'kept' | null> {
    this.wishFate = null
    const answer = await this.link.ask<Problem | { status: string }>('reach', wish)
    if (answer !== null) return isProblem(answer) ? answer : null
    this.memory.putWish({ key: newKey(), wish, at: new Date().toISOString() })
    void this.tellWishes()
    return 'kept'
  }

  async earlier(): Promise<void> {
    const [oldest] = [...this.known.keys()].sort()
    const page = await this.link.ask<Entered | Problem>('enter', { before: oldest ?? null })
    if (page === null || isProblem(page)) return
    for (const message of page.messages) this.learn(message)
    this.more = page.more
    this.changed()
  }

  typing(): void {
    if (Date.now() - this.typedAt < TYPING_EVERY_MS) return
    this.typedAt = Date.now()
    this.link.tell('typing', { typing: true })
  }

  /** Is the visitor looking at what is said: then it is read, and otherwise it has only come. */
  look(looking: boolean): void {
    this.looking = looking
    this.tellSeen()
  }

  private async enter(): Promise<void> {
    const page = await this.link.ask<Entered | Problem>('enter', {})
    if (page === null || isProblem(page)) {
      setTimeout(() => this.link.up && void this.enter(), AGAIN_MS)
      return
    }
    this.known.clear()
    for (const message of page.messages) this.learn(message)
    this.hours = page.hours
    this.more = page.more
    this.readUntil = page.read_until
    this.up = true
    this.changed()
    this.tellSeen()
    await this.tell()
    for (const file of this.files) void this.sendFile(file)
    await this.tellWishes()
  }

  private hear(name: string, payload: unknown): void {
    if (name === 'message') {
      const message = payload as Message
      this.learn(message)
      if (!message.mine) this.theyType = false
      this.tellSeen()
    } else if (name === 'read') {
      this.readUntil = (payload as { until: string | null }).until
    } else if (name === 'typing') {
      this.showTyping((payload as { typing: boolean }).typing)
      return
    }
    this.changed()
  }

  private learn(message: Message): void {
    const before = this.known.get(message.id)
    if (before === undefined || before.version <= message.version) this.known.set(message.id, message)
    if (message.key !== null) {
      this.memory.done(message.key)
      this.files = this.files.filter((file) => file.key !== message.key)
    }
  }

  private showTyping(typing: boolean): void {
    this.theyType = typing
    this.typingEnds = Date.now() + TYPING_LASTS_MS
    setTimeout(() => {
      if (Date.now() >= this.typingEnds) {
        this.theyType = false
        this.changed()
      }
    }, TYPING_LASTS_MS + 50)
    this.changed()
  }

  /** One after the other, in the order in which they were written; what is not answered is told again. */
  private async tell(): Promise<void> {
    if (this.telling) return
    this.telling = true
    try {
      for (let next = this.memory.waiting[0]; next && this.up; next = this.memory.waiting[0]) {
        const answer = await this.link.ask<Stored | Problem>('say', { key: next.key, text: next.text })
        if (answer === null || (isProblem(answer) && mayPass(answer))) {
          setTimeout(() => void this.tell(), AGAIN_MS)
          return
        }
        const message = unsent(next.key, next.text, next.at, '')
        if (isProblem(answer)) this.refused.set(next.key, message)
        else this.learn({ ...message, id: answer.id, at: answer.at, version: 0 })
        this.memory.done(next.key)
        this.changed()
      }
    } finally {
      this.telling = false
    }
  }

  private async tellWishes(): Promise<void> {
    if (this.tellingWishes) return
    this.tellingWishes = true
    try {
      for (let next = this.memory.wishes[0]; next && this.up; next = this.memory.wishes[0]) {
        const answer = await this.link.ask<Problem | { status: string }>('reach', next.wish)
        if (answer === null || (isProblem(answer) && mayPass(answer))) {
          setTimeout(() => void this.tellWishes(), WISH_AGAIN_MS)
          return
        }
        this.memory.doneWish(next.key)
        this.wishFate = isProblem(answer) ? answer : 'noted'
        this.changed()
      }
    } finally {
      this.tellingWishes = false
    }
  }

  private async keepAndSend(one: FileOnItsWay): Promise<void> {
    one.kept = await this.store.put(one)
    if (!one.kept) addEventListener('beforeunload', this.warn)
    await this.sendFile(one)
  }

  /** Where the browser keeps nothing, whoever leaves is asked first. */
  private readonly warn = (event: Event): void => {
    if (this.files.some((one) => !one.kept)) event.preventDefault()
  }

  private async sendFile(one: FileOnItsWay): Promise<void> {
    if (one.going || !this.link.up) return
    one.going = true
    one.failed = false
    this.changed()
    const stored = await this.link.sendFile(one.key, one.file)
    one.going = false
    one.failed = stored === null || stored === 'refused'
    if (stored !== null) void this.store.done(one.key)
    this.changed()
  }

  private tellSeen(): void {
    const told = this.looking ? 'read' : 'delivered'
    const behind = this.looking ? ['sent', 'delivered'] : ['sent']
    const news = [...this.known.values()].filter((message) => !message.mine && behind.includes(message.state))
    if (news.length === 0 || !this.up) return
    for (const message of news) this.known.set(message.id, { ...message, state: told })
    void this.link.ask('seen', { ids: news.slice(-100).map((message) => message.id), state: told })
    this.changed()
  }

  private stateOf(message: Message): State | null {
    if (!message.mine) return null
    return this.readUntil !== null && message.id <= this.readUntil ? 'read' : 'sent'
  }
}

/** When it was said, and among those of one moment in the order of their ids. */
const order = (message: Message): string => `${new Date(message.at).toISOString()} ${message.id}`

const mayPass = (problem: Problem): boolean => problem.status >= 500 || LATER.has(problem.status)

function unsent(key: string, text: string, at: string, file: string): Message {
  const files = file ? [{ id: '', name: file, type: '', size: 0 }] : []
  return { id: key, key, mine: true, author: null, text, files, at, state: 'pending', version: 0 }
}
