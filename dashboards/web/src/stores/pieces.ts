/**
 * Of each opened conversation one unbroken piece of what was said: its end, or what lies around a message that was
 * looked for. What lies outside of it is read when somebody gets there, and never shown with a gap.
 */
import { shallowReactive } from 'vue'
import type { Conversation, Message, Piece } from '@/api/conversations'
import { isNewer } from '@/lib/versioned'

export type Way = 'older' | 'newer'

interface Held {
  messages: ReadonlyMap<string, Message>
  older: string | null
  newer: string | null
}

const inOrder = (a: Message, b: Message): number => Date.parse(a.at) - Date.parse(b.at) || a.id.localeCompare(b.id)
const byId = (messages: readonly Message[]): Map<string, Message> => new Map(messages.map((message) => [message.id, message]))

export function createPieces() {
  const held = shallowReactive(new Map<string, Held>())
  const takenBack = new Set<string>()

  const messagesOf = (id: string): Message[] => Array.from(held.get(id)?.messages.values() ?? []).toSorted(inOrder)
  /** Where to read on; null at an end. */
  const leads = (id: string, way: Way): string | null => held.get(id)?.[way] ?? null

  /** As it was opened; what is held already and joins it from before stays. */
  function show({ id, messages, older, newer }: Conversation): void {
    const before = newer === null && leads(id, 'newer') === null ? messagesOf(id) : []
    const joint = before.findIndex((one) => one.id === messages[0]?.id)
    const kept = before.slice(0, Math.max(joint, 0))
    held.set(id, { messages: byId([...kept, ...messages]), older: kept.length > 0 ? leads(id, 'older') : older, newer })
  }
  /** What `cursor` led to; nothing when another piece is held by now. */
  function add(id: string, way: Way, cursor: string, piece: Piece): void {
    const known = held.get(id)
    if (known?.[way] !== cursor) return
    held.set(id, { ...known, messages: new Map([...byId(piece.items), ...known.messages]), [way]: piece[way] })
  }
  /** One that was said now, or has come further. */
  function put(message: Message): void {
    const known = held.get(message.interaction_id)
    if (!known || takenBack.has(message.id) || !isNewer(message, known.messages.get(message.id))) return
    if (!known.messages.has(message.id) && isBeyond(message)) return
    held.set(message.interaction_id, { ...known, messages: new Map(known.messages).set(message.id, message) })
  }
  function isBeyond(message: Message): boolean {
    const id = message.interaction_id
    const messages = messagesOf(id)
    const [first, last] = [messages[0], messages.at(-1)]
    return Boolean(
      (leads(id, 'older') && first && inOrder(message, first) < 0) || (leads(id, 'newer') && last && inOrder(message, last) > 0),
    )
  }
  /** It was taken back before it left; what is still told of it comes too late. */
  function forget(message: Message): void {
    takenBack.add(message.id)
    const known = held.get(message.interaction_id)
    const left = new Map(known?.messages)
    if (known && left.delete(message.id)) held.set(message.interaction_id, { ...known, messages: left })
  }
  return {
    messagesOf,
    leads,
    show,
    add,
    put,
    forget,
    has: (message: Message) => held.get(message.interaction_id)?.messages.has(message.id) ?? false,
    isRead: (id: string) => held.has(id),
    clear: () => held.clear(),
  }
}
