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
  ({ id: 'c', agent_id: ME, inbox_state: 'open', unread: 0, version: 1, messages: [], history: [], ...change }) as Conversation
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

  it('is news only to whoever has the conversation', () => {
    const conversations = useConversations()

    conversations.received(conversation({ id: 'other', agent_id: 'colleague' }), message('1', { interaction_id: 'other' }))
    expect(conversations.news).toBeNull()

    conversations.received(conversation({ unread: 1 }), message('1'))
    expect(conversations.news?.kind).toBe('message')
    expect(conversations.unread.map(({ id }) => id)).toEqual(['c'])
  })
})
