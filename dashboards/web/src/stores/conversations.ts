/** Conversations by id, and what was said in those that were opened: read once, then kept true by events. */
import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef } from 'vue'
import { api } from '@/api/client'
import type { Conversation, Message, Turn, Visit, Writing } from '@/api/conversations'
import type { Labels, Page } from '@/api/types'
import { now } from '@/lib/clock'
import { createThings, isNewer } from '@/lib/versioned'
import { useSession } from './session'

const MOST = 200
const WRITING_MS = 10_000

type Said = ReadonlyMap<string, Message>

export type InboxNews = { conversation: Conversation } & (
  | { kind: 'message' | 'mentioned'; message: Message }
  | { kind: 'moved'; words: Labels }
  | { kind: 'due' | 'stuck' }
)

/** As lists tell it: what was said, and who had it, is kept apart. */
export const bare = (whole: Conversation): Conversation => ({ ...whole, messages: [], history: [], visit: null })

export const useConversations = defineStore('conversations', () => {
  const session = useSession()
  const things = createThings<Conversation>()
  const said = shallowReactive(new Map<string, Said>())
  const turns = shallowReactive(new Map<string, readonly Turn[]>())
  const visits = shallowReactive(new Map<string, Visit | null>())
  const writing = shallowReactive(new Map<string, Writing & { until: number }>())
  /** What has just come to this desk, and asks for a look. */
  const news = shallowRef<InboxNews | null>(null)
  const takenBack = new Set<string>()
  /** What was heard while a conversation was being read: its answer may be older. */
  const meanwhile = new Map<string, Message[]>()

  /** A conversation with everything that was said in it. */
  async function open(id: string): Promise<Conversation> {
    const heardNow: Message[] = []
    meanwhile.set(id, heardNow)
    try {
      const whole = await api.get<Conversation>(`/conversations/${id}`)
      said.set(id, new Map(whole.messages.map((message) => [message.id, message])))
      turns.set(id, whole.history)
      visits.set(id, whole.visit)
      heardNow.forEach(put)
      return things.put(bare(whole))
    } finally {
      if (meanwhile.get(id) === heardNow) meanwhile.delete(id)
    }
  }

  /** Somebody said something, or one of ours came further. */
  function put(message: Message): void {
    const known = said.get(message.interaction_id)
    if (!known || takenBack.has(message.id) || !isNewer(message, known.get(message.id))) return
    said.set(message.interaction_id, new Map(known).set(message.id, message))
  }
  function heard(message: Message): void {
    meanwhile.get(message.interaction_id)?.push(message)
    put(message)
  }
  /** It was taken back before it left; what is still told of it comes too late. */
  function forget(message: Message): void {
    takenBack.add(message.id)
    const left = new Map(said.get(message.interaction_id))
    if (left.delete(message.id)) said.set(message.interaction_id, left)
  }
  function received(conversation: Conversation, message: Message): void {
    const held = things.put(conversation)
    heard(message)
    if (isMine(held)) news.value = { kind: 'message', conversation: held, message }
  }
  /** A conversation has come to somebody else; to this desk it is news. */
  function moved(conversation: Conversation, words: Labels): void {
    const held = things.put(conversation)
    if (isMine(held)) news.value = { kind: 'moved', conversation: held, words }
  }
  function dueSoon(conversation: Conversation): void {
    const held = things.put(conversation)
    if (isMine(held)) news.value = { kind: 'due', conversation: held }
  }
  function mentioned(conversation: Conversation, message: Message): void {
    news.value = { kind: 'mentioned', conversation: things.put(conversation), message }
  }
  /** Nobody can be found who would answer: whoever leads must act. */
  function stuck(conversation: Conversation): void {
    const held = things.put(conversation)
    if (session.leads) news.value = { kind: 'stuck', conversation: held }
  }
  /** A message that waits to be sent may have been taken back elsewhere: only the server knows. */
  function changed(conversation: Conversation): void {
    things.put(conversation)
    const waits = Array.from(said.get(conversation.id)?.values() ?? []).some(({ state }) => state === 'pending')
    if (waits) void open(conversation.id).catch(() => undefined)
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
  const messagesOf = (id: string): Message[] =>
    Array.from(said.get(id)?.values() ?? []).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id.localeCompare(b.id))

  function clear(): void {
    things.clear()
    said.clear()
    turns.clear()
    visits.clear()
    writing.clear()
    news.value = null
  }
  return {
    ...things,
    news,
    open,
    heard,
    forget,
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
    messagesOf,
    visitOf: (id: string) => visits.get(id) ?? null,
    turnsOf: (id: string) => turns.get(id) ?? [],
    isRead: (id: string) => said.has(id),
    clear,
  }
})
