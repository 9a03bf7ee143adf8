/**
 * The HTTP API, as functions.
 *
 * Whatever goes wrong arrives as one thing: a `Problem` with the server's stable code, or with
 * `no_connection` when there was no answer at all. Nobody else in the app reads a status.
 */
import { uuid } from '@/lib/ids'

export type QueryValue = string | number | boolean | null | undefined | readonly string[]
export type Query = Record<string, QueryValue>

interface ProblemDocument {
  code?: string
  detail?: string
  [field: string]: unknown
}

export class Problem extends Error {
  readonly fields: Readonly<Record<string, unknown>>

  constructor(
    readonly status: number,
    readonly code: string,
    document: ProblemDocument = {},
    readonly retryAfterS: number | null = null,
  ) {
    super(document.detail ?? code)
    this.name = 'Problem'
    this.fields = document
  }
}

export const isProblem = (error: unknown, code?: string): error is Problem =>
  error instanceof Problem && (code === undefined || error.code === code)

interface RequestOptions {
  query?: Query
  body?: unknown
  /** Sent as it is, under its own type. */
  file?: Blob
  signal?: AbortSignal
}

const ROOT = '/api/v1'
const SEQ_HEADER = 'X-Perezvon-Seq'
const SAFE = new Set(['GET', 'HEAD'])

let csrfToken: string | null = null
let whenSignedOut: () => void = () => undefined

export function useCsrfToken(token: string | null): void {
  csrfToken = token
}

/** Called once the server no longer knows our session, whichever request noticed it. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener
}

export function queryString(query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one))
  }
  const text = params.toString()
  return text ? `?${text}` : ''
}

async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get('Retry-After'))
  let document: ProblemDocument = {}
  try {
    document = (await response.json()) as ProblemDocument
  } catch {
    // A proxy in between answers in HTML; the status is all there is to know.
  }
  return new Problem(
    response.status,
    document.code ?? `http_${response.status}`,
    document,
    retryAfter > 0 ? retryAfter : null,
  )
}

async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json' })
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  if (options.file) headers.set('Content-Type', options.file.type || 'application/octet-stream')
  if (!SAFE.has(method) && csrfToken) headers.set('X-CSRF-Token', csrfToken)
  if (method === 'POST') headers.set('Idempotency-Key', uuid())

  let response: Response
  try {
    response = await fetch(ROOT + path + queryString(options.query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.file ? { body: options.file } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new Problem(0, 'no_connection')
  }
  if (response.ok) return response
  const problem = await problemOf(response)
  if (problem.status === 401 && path !== '/session') whenSignedOut()
  throw problem
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: async <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> =>
    read<T>(await request('GET', path, { query, ...(signal ? { signal } : {}) })),
  /** Whether there is something at an address; what it is, is not asked for. */
  head: async (path: string): Promise<void> => void (await request('HEAD', path)),
  post: async <T>(path: string, body: unknown = {}): Promise<T> =>
    read<T>(await request('POST', path, { body })),
  upload: async <T>(path: string, query: Query, file: Blob): Promise<T> => read<T>(await request('POST', path, { query, file })),
  put: async <T>(path: string, body: unknown): Promise<T> => read<T>(await request('PUT', path, { body })),
  patch: async <T>(path: string, body: unknown): Promise<T> => read<T>(await request('PATCH', path, { body })),
  delete: async (path: string): Promise<void> => void (await request('DELETE', path)),

  /** An answer that is told while it happens: a line of JSON for each step. */
  async lines<T>(path: string, body: unknown, each: (line: T) => void): Promise<void> {
    const response = await request('POST', path, { body })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      const lines = (rest + part.value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) each(JSON.parse(line) as T)
    }
  },

  /** A read with the event sequence it is true for, and the server's clock. */
  async snapshot<T>(path: string): Promise<{ body: T; seq: number; serverTime: number | null }> {
    const response = await request('GET', path)
    const date = Date.parse(response.headers.get('Date') ?? '')
    return {
      body: await read<T>(response),
      seq: Number(response.headers.get(SEQ_HEADER) ?? 0),
      serverTime: Number.isNaN(date) ? null : date,
    }
  },
}
