/** The way to the server: found anew whenever it is lost, and an end to every question. */
import { io, type Socket } from 'socket.io-client'
import { isProblem, type Config, type Stored } from './wire'

const ANSWER_MS = 15_000
/** After a refusal that may pass: a server that starts, too many at once. */
const COME_AGAIN_MS = 5_000
/** Of a file that is too large, empty or not to be read: it is the same tomorrow. */
const REFUSED = new Set([400, 413, 415, 422])
const FOR_GOOD = new Set(['not_found', 'forbidden', 'foreign_origin', 'invalid_input'])

export interface Heard {
  onHello(token: string, vouched: boolean): void
  onUp(): void
  onDown(): void
  onNews(name: string, payload: unknown): void
}

export class Link {
  private socket: Socket | null = null
  private token: string | null = null

  constructor(
    private readonly base: URL,
    private readonly site: string,
    private readonly auth: () => Record<string, unknown>,
    private readonly heard: Heard,
  ) {}

  get up(): boolean {
    return this.socket?.connected === true && this.token !== null
  }

  connect(): void {
    if (this.socket) return
    const socket = io(this.base.origin, {
      path: `${this.base.pathname}chat/socket.io`,
      transports: ['websocket'],
      reconnectionDelayMax: 20_000,
      auth: (give) => give({ site: this.site, ...this.auth() }),
    })
    this.socket = socket
    socket.on('hello', (hello: { token: string; vouched: boolean }) => {
      this.token = hello.token
      this.heard.onHello(hello.token, hello.vouched)
      this.heard.onUp()
    })
    socket.on('disconnect', () => {
      this.token = null
      this.heard.onDown()
    })
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      this.heard.onDown()
      // What the network loses is looked for by the library; a refusal of the server is not.
      if (isProblem(error.data) && !FOR_GOOD.has(error.data.code)) setTimeout(() => socket.connect(), COME_AGAIN_MS)
    })
    socket.onAny((name: string, payload: unknown) => {
      if (name !== 'hello') this.heard.onNews(name, payload)
    })
  }

  /** Come anew, as whoever the visitor is by now. */
  again(): void {
    this.socket?.disconnect().connect()
  }

  /** The answer, or null: nobody knows whether it was heard. */
  async ask<Answer>(event: string, given: object): Promise<Answer | null> {
    if (!this.socket || !this.up) return null
    try {
      return (await this.socket.timeout(ANSWER_MS).emitWithAck(event, given)) as Answer
    } catch {
      return null
    }
  }

  tell(event: string, given: object): void {
    if (this.up) this.socket?.emit(event, given)
  }

  /** Null: nobody answers now. */
  async config(): Promise<Config | 'refused' | null> {
    try {
      const answer = await fetch(this.address('chat/config'), { credentials: 'omit' })
      if (answer.status >= 500) return null
      return answer.ok ? ((await answer.json()) as Config) : 'refused'
    } catch {
      return null
    }
  }

  /** Null: it may be sent again; nobody knows whether it was heard. */
  async sendFile(key: string, file: File): Promise<Stored | 'refused' | null> {
    const address = this.address('chat/files', { key, name: file.name || 'file' })
    const type = file.type || 'application/octet-stream'
    const answer = await this.fetch(address, { method: 'POST', body: file, headers: { 'Content-Type': type } })
    if (answer && REFUSED.has(answer.status)) return 'refused'
    return answer?.ok ? ((await answer.json()) as Stored) : null
  }

  async fetchFile(id: string): Promise<Blob | null> {
    const answer = await this.fetch(this.address(`chat/files/${id}`), {})
    return answer?.ok ? answer.blob() : null
  }

  private async fetch(address: string, how: RequestInit): Promise<Response | null> {
    if (!this.token) return null
    const headers = { ...how.headers, Authorization: `Visitor ${this.token}` }
    try {
      return await fetch(address, { ...how, headers, credentials: 'omit' })
    } catch {
      return null
    }
  }

  private address(path: string, query: Record<string, string> = {}): string {
    return `${new URL(path, this.base).href}?${new URLSearchParams({ site: this.site, ...query }).toString()}`
  }
}
