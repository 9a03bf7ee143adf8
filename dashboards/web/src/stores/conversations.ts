/** Conversations by id, and a piece of what was said in those that were opened: read once, then kept true by events. */
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { api } from '@/api/client'
import type { Conversation, Message, Piece, Turn, Visit, Writing } from '@/api/conversations'
import type { Labels, Page } from '@/api/types'
import { now } from '@/lib/clock'
import { createThings } from '@/lib/versioned'
import { type Way, createPieces } from './pieces'
import { useSession } from './session'

const MOST = 200
const WRITING_MS = 10_000
/** So many messages are read at once: more than fit on a screen. */
const PIECE = 50

/** What decides in which parts of the inbox a conversation stands. */
const PLACED_BY = ['agent_id', 'inbox_state', 'urgent'] as const satisfies readonly (keyof Conversation)[]

export type InboxNews = { conversation: Conversation } & (
  | { kind: 'message' | 'mentioned'; message: Message }
  | { kind: 'moved'; words: Labels }
  | { kind: 'due' | 'stuck' }
)

/** As lists tell it: what was said, and who had it, is kept apart. */
export const bare = (whole: Conversation): Conversation => ({ ...whole, messages: [], older: null, newer: null, history: [], visit: null })

export const useConversations = defineStore('conversations', () => {
  const session = useSession()
  const things = createThings<Conversation>()
  const pieces = createPieces()
  /** The newest message of one whose end is not on the screen. */
  const newest = shallowReactive(new Map<string, string>())
  const turns = shallowReactive(new Map<string, readonly Turn[]>())
  const visits = shallowReactive(new Map<string, Visit | null>())
  const writing = shallowReactive(new Map<string, Writing & { until: number }>())
  /** What has just come to this desk, and asks for a look. */
  const news = shallowRef<InboxNews | null>(null)
  /** Grows when a conversation may have come into a part of the inbox, or left one. */
  const shifts = ref(0)
  /** What is heard while a conversation is being read: its answer may be older. */
  const readings = new Set<{ id: string; heard: Message[] }>()

  function hold(heardNow: Conversation): Conversation {
    const before = things.get(heardNow.id)
    const held = things.put(heardNow)
    if (!before || PLACED_BY.some((name) => before[name] !== held[name])) shifts.value += 1
    return held
  }

  async function reading<T>(id: string, ask: () => Promise<T>, take: (answer: T) => void): Promise<void> {
    const mine = { id, heard: [] as Message[] }
    readings.add(mine)
    try {
      take(await ask())
      mine.heard.forEach(pieces.put)
    } finally {
      readings.delete(mine)
    }
  }
  const ask = (id: string, around: string | null): Promise<Conversation> => api.get<Conversation>(`/conversations/${id}`, { limit: PIECE, around })

  function takeHead(whole: Conversation): void {
    turns.set(whole.id, whole.history)
    visits.set(whole.id, whole.visit)
    hold(bare(whole))
  }
  /** A conversation with what was said in it last, or around a message. */
  async function open(id: string, around: string | null = null): Promise<void> {
    await reading(
      id,
      () => Promise.all([ask(id, around), around ? api.get<Piece>(`/conversations/${id}/messages`, { limit: 1 }) : null]),
      ([whole, end]) => {
        const last = end?.items[0]
        if (last) newest.set(id, last.id)
        pieces.show(whole)
        takeHead(whole)
      },
    )
  }
  /** The same anew, where it was opened: whoever reads in the past stays there. */
  async function refresh(id: string): Promise<void> {
    await reading(
      id,
      () => ask(id, null),
      (whole) => {
        if (pieces.leads(id, 'newer')) whole.messages.forEach(heard)
        else pieces.show(whole)
        takeHead(whole)
      },
    )
  }
  async function readOn(id: string, way: Way): Promise<void> {
    const cursor = pieces.leads(id, way)
    if (!cursor) return
    await reading(
      id,
      () => api.get<Piece>(`/conversations/${id}/messages`, { cursor, limit: PIECE }),
      (piece) => pieces.add(id, way, cursor, piece),
    )
  }
  const lastIdOf = (id: string): string | null =>
    (pieces.leads(id, 'newer') ? newest.get(id) : undefined) ?? pieces.messagesOf(id).at(-1)?.id ?? null

  /** Everything in it was seen; whoever was called into it is called no more. */
  async function look(id: string): Promise<void> {
    await api.post(`/conversations/${id}/read`)
    shifts.value += 1
  }

  /** Somebody said something, or one of ours came further. */
  function heard(message: Message): void {
    for (const one of readings) if (one.id === message.interaction_id) one.heard.push(message)
    pieces.put(message)
    if (!pieces.has(message) && message.id > (newest.get(message.interaction_id) ?? '')) newest.set(message.interaction_id, message.id)
  }
  function received(conversation: Conversation, message: Message): void {
    const held = hold(conversation)
    heard(message)
    if (isMine(held)) news.value = { kind: 'message', conversation: held, message }
  }
  /** A conversation has come to somebody else; to this desk it is news. */
  function moved(conversation: Conversation, words: Labels): void {
    const held = hold(conversation)
    if (isMine(held)) news.value = { kind: 'moved', conversation: held, words }
  }
  function dueSoon(conversation: Conversation): void {
    const held = hold(conversation)
    if (isMine(held)) news.value = { kind: 'due', conversation: held }
  }
  function mentioned(conversation: Conversation, message: Message): void {
    news.value = { kind: 'mentioned', conversation: hold(conversation), message }
  }
  /** Nobody can be found who would answer: whoever leads must act. */
  function stuck(conversation: Conversation): void {
    const held = hold(conversation)
    if (session.leads) news.value = { kind: 'stuck', conversation: held }
  }
  /** A message that waits to be sent may have been taken back elsewhere: only the server knows. */
  function changed(conversation: Conversation): void {
    hold(conversation)
    const waits = pieces.messagesOf(conversation.id).some(({ state }) => state === 'pending')
    if (waits) void refresh(conversation.id).catch(() => undefined)
  }

  /** Who has heard nothing of somebody for a while believes that they stopped. */
  function writes(heardNow: Writing): void {
    const key = `${heardNow.interaction_id}:${heardNow.agent_id ?? ''}`
    if (heardNow.is_writing) writing.set(key, { ...heardNow, until: now.value + WRITING_MS })
    else writing.delete(key)
  }
  const writersOf = (id: string): Writing[] => Array.from(writing.values()).filter((one) => one.interaction_id === id && one.until > now.value)

  const isMine = (one: Conversation): boolean => one.agent_id === session.user?.id
  /** One's own in which something was said that has not been looked at. */
  const unread = computed(() => Array.from(things.byId.values()).filter((one) => isMine(one) && one.unread > 0 && one.inbox_state !== 'closed'))

  /** One's own that go on: what the desk counts. */
  async function load(): Promise<void> {
    const page = await api.get<Page<Conversation>>('/conversations', { agent_id: session.user?.id, going_on: true, limit: MOST })
    things.putAll(page.items)
  }
  function clear(): void {
    things.clear()
    pieces.clear()
    newest.clear()
    turns.clear()
    visits.clear()
    writing.clear()
    news.value = null
  }
  return {
    ...things,
    put: hold,
    shifts,
    news,
    open,
    refresh,
    readOn,
    look,
    heard,
    forget: pieces.forget,
    received,
    changed,
    moved,
    dueSoon,
    mentioned,
    stuck,
    writes,
    writersOf,
    unread,
    load,
    messagesOf: pieces.messagesOf,
    leads: pieces.leads,
    lastIdOf,
    visitOf: (id: string) => visits.get(id) ?? null,
    turnsOf: (id: string) => turns.get(id) ?? [],
    isRead: pieces.isRead,
    clear,
  }
})
