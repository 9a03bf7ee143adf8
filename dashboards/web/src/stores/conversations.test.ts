import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { api } from '@/api/client'
import type { Conversation, Message } from '@/api/conversations'
import type { User } from '@/api/types'
import { useConversations } from './conversations'
import { useSession } from './session'

vi.mock('@/api/client', () => ({ api: { get: vi.fn() }, isProblem: () => false, useCsrfToken: () => undefined }))

const ME = 'me'
const conversation = (change: Partial<Conversation> = {}): Conversation =>
  ({ id: 'c', agent_id: ME, inbox_state: 'open', unread: 0, version: 1, messages: [], older: null, newer: null, history: [], ...change }) as Conversation
const message = (id: string, change: Partial<Message> = {}): Message =>
  ({ id, interaction_id: 'c', state: 'received', at: `2026-11-04T12:00:0${id}Z`, version: 1, ...change }) as Message

describe('what was said in a conversation', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    useSession().user = { id: ME, role: 'agent' } as User
    vi.mocked(api.get).mockReset()
  })

  it('keeps what was heard while it was being read', async () => {
    const conversations = useConversations()
    let answer: (whole: Conversation) => void = () => undefined
    vi.mocked(api.get).mockReturnValue(new Promise((resolve) => (answer = resolve as typeof answer)))

    const reading = conversations.open('c')
    conversations.received(conversation({ version: 2 }), message('2'))
    answer(conversation({ messages: [message('1')] }))
    await reading

    expect(conversations.messagesOf('c').map(({ id }) => id)).toEqual(['1', '2'])
    expect(conversations.get('c')?.version).toBe(2)
  })

  it('never goes back: an older state told late is passed over', async () => {
    const conversations = useConversations()
    vi.mocked(api.get).mockResolvedValue(conversation({ messages: [message('1', { state: 'sent', version: 3 })] }))
    await conversations.open('c')

    conversations.heard(message('1', { state: 'pending', version: 1 }))

    expect(conversations.messagesOf('c')[0]?.state).toBe('sent')
  })

  it('does not show again what was taken back, though it is told of late', async () => {
    const conversations = useConversations()
    vi.mocked(api.get).mockResolvedValue(conversation({ messages: [message('1', { state: 'pending' })] }))
    await conversations.open('c')

    conversations.forget(message('1'))
    conversations.heard(message('1', { state: 'pending', version: 2 }))

    expect(conversations.messagesOf('c')).toEqual([])
  })

  it('reads on at both ends, and keeps what is heard meanwhile', async () => {
    const conversations = useConversations()
    const ids = (): string[] => conversations.messagesOf('c').map(({ id }) => id)
    const answers: unknown[] = [
      conversation({ messages: [message('4'), message('5')], older: 'to 3', newer: 'to 6' }),
      { items: [message('7')], older: 'to 6', newer: null },
      { items: [message('3')], older: null, newer: 'to 4' },
      { items: [message('6'), message('7'), message('8')], older: 'to 5', newer: null },
    ]
    vi.mocked(api.get).mockImplementation(() => Promise.resolve(answers.shift()))

    await conversations.open('c', '4')
    conversations.heard(message('8'))
    expect(ids()).toEqual(['4', '5'])
    expect(conversations.lastIdOf('c')).toBe('8')

    await conversations.readOn('c', 'older')
    const reading = conversations.readOn('c', 'newer')
    conversations.heard(message('9'))
    await reading

    expect(ids()).toEqual(['3', '4', '5', '6', '7', '8', '9'])
    expect(conversations.leads('c', 'older')).toBeNull()
  })

  it('keeps what was read before when its end is read anew, and lets go of it when there is a gap between', async () => {
    const conversations = useConversations()
    const ids = (): string[] => conversations.messagesOf('c').map(({ id }) => id)
    const answers: unknown[] = [
      conversation({ messages: [message('3'), message('4')], older: 'to 2' }),
      { items: [message('2')], older: 'to 1', newer: 'to 3' },
      conversation({ messages: [message('3'), message('5')], older: 'to 2' }),
      conversation({ messages: [message('8'), message('9')], older: 'to 7' }),
    ]
    vi.mocked(api.get).mockImplementation(() => Promise.resolve(answers.shift()))
    await conversations.open('c')
    await conversations.readOn('c', 'older')

    await conversations.refresh('c')
    expect(ids()).toEqual(['2', '3', '5'])
    expect(conversations.leads('c', 'older')).toBe('to 1')

    await conversations.refresh('c')
    expect(ids()).toEqual(['8', '9'])
    expect(conversations.leads('c', 'older')).toBe('to 7')
  })

  it('is news only to whoever has the conversation', () => {
    const conversations = useConversations()

    conversations.received(conversation({ id: 'other', agent_id: 'colleague' }), message('1', { interaction_id: 'other' }))
    expect(conversations.news).toBeNull()

    conversations.received(conversation({ unread: 1 }), message('1'))
    expect(conversations.news?.kind).toBe('message')
    expect(conversations.unread.map(({ id }) => id)).toEqual(['c'])
  })

  it('has the parts of the inbox counted anew when one has come or moved, and for no message in between', () => {
    const conversations = useConversations()

    conversations.received(conversation(), message('1'))
    conversations.received(conversation({ version: 2 }), message('2'))
    expect(conversations.shifts).toBe(1)

    conversations.changed(conversation({ version: 3, inbox_state: 'snoozed' }))
    conversations.put(conversation({ version: 4, agent_id: 'colleague' }))
    expect(conversations.shifts).toBe(3)
  })
})
