/** What can be done with a conversation. Every refusal is told in a sentence; what can be taken back says so for ten seconds. */
import type { Ref } from 'vue'
import { api } from '@/api/client'
import type { Conversation, Message } from '@/api/conversations'
import { t } from '@/i18n'
import { useAttempt } from '@/lib/attempt'
import { useFormats } from '@/lib/format'
import { SEND_AFTER_S } from '@/lib/inbox'
import { shortName } from '@/lib/names'
import { useUndo } from '@/lib/undo'
import { bare, useConversations } from '@/stores/conversations'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'
import { nameOf } from '@/features/conversationNames'
import type { ChosenRecipients } from './composerRecipients'

export interface Said extends Partial<ChosenRecipients> {
  body: string
  attachments: readonly string[]
  after: string | null
  privately: boolean
}

export interface ConversationActs {
  busy: Readonly<Ref<boolean>>
  problem: Ref<string>
  /** Null: back into the queue. */
  assign: (one: Conversation, agent: { id: string; name: string } | null, reason?: string) => Promise<boolean>
  snooze: (one: Conversation, until: number) => Promise<boolean>
  close: (one: Conversation) => Promise<boolean>
  reopen: (one: Conversation) => Promise<boolean>
  /** `after`: the last message its writer had seen. `privately`: to whoever asked in a group alone. `to` and `cc`: of a mail. */
  say: (one: Conversation, said: Said) => Promise<Message | null>
  note: (one: Conversation, text: string, mentions: readonly string[]) => Promise<Message | null>
  takeBack: (message: Message) => Promise<boolean>
}

export function useConversationActs(): ConversationActs {
  const conversations = useConversations()
  const session = useSession()
  const toasts = useToasts()
  const formats = useFormats()
  const { busy, problem, attempt } = useAttempt()
  const offerUndo = useUndo(problem)

  const verb = (one: Conversation, name: string, body: object = {}) =>
    attempt(async () => {
      const after = await api.post<Conversation | null>(`/conversations/${one.id}/${name}`, body)
      if (after) conversations.put(bare(after))
      return true
    })
  function undoable(done: boolean | null, said: string, back: () => Promise<unknown>): boolean {
    if (done) offerUndo(said, back)
    return done ?? false
  }
  const reopen = async (one: Conversation): Promise<boolean> => (await verb(one, 'reopen')) ?? false

  async function assign(one: Conversation, agent: { id: string; name: string } | null, reason?: string): Promise<boolean> {
    const before = one.agent_id
    const done = await verb(one, 'assign', { agent_id: agent?.id ?? null, ...(reason ? { reason } : {}) })
    if (agent?.id === session.user?.id) return done ?? false
    const said = agent ? t('inbox.given_to', { name: nameOf(one), who: shortName(agent.name) }) : t('inbox.put_back', { name: nameOf(one) })
    // Whoever has given it away may no longer see it: only a supervisor can take it back.
    if (agent && !session.leads) {
      if (done) toasts.say(said)
      return done ?? false
    }
    return undoable(done, said, () => verb(one, 'assign', { agent_id: before }))
  }
  async function snooze(one: Conversation, until: number): Promise<boolean> {
    const done = await verb(one, 'snooze', { until: new Date(until).toISOString() })
    return undoable(done, t('inbox.snoozed', { name: nameOf(one), when: formats.dayTime(until) }), () => reopen(one))
  }
  async function close(one: Conversation): Promise<boolean> {
    return undoable(await verb(one, 'close'), t('inbox.closed', { name: nameOf(one) }), () => reopen(one))
  }

  const said = (path: string, body: object) =>
    attempt(async () => {
      const message = await api.post<Message>(path, body)
      conversations.heard(message)
      return message
    })
  async function takeBack(message: Message): Promise<boolean> {
    const done = await attempt(async () => {
      await api.delete(`/messages/${message.id}`)
      conversations.forget(message)
      return true
    })
    return done ?? false
  }

  return {
    busy,
    problem,
    assign,
    snooze,
    close,
    reopen,
    say: (one, { after, ...what }) => said('/messages', { interaction_id: one.id, ...what, send_after_s: SEND_AFTER_S, ...(after ? { after } : {}) }),
    note: (one, text, mentions) => said(`/conversations/${one.id}/notes`, { text, mentions }),
    takeBack,
  }
}
