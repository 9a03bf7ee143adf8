/**
 * The desk's socket: connect, read the snapshot, then events; after a loss, resume from the
 * last one passed on, and only when the server no longer has them read everything again.
 */
import { type Socket, io } from 'socket.io-client'
import { api } from '@/api/client'
import type { Writing } from '@/api/conversations'
import type { DeskEventName, DeskSnapshot, Stamped } from '@/api/types'
import { correctClock } from '@/lib/clock'
import { useConversations } from '@/stores/conversations'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { makeHandlers } from './handlers'
import { useLink } from './link'
import { createStream } from './stream'

const ACK_MS = 10_000
const RETRY_FROM_MS = 500
const RETRY_UP_TO_MS = 10_000

interface Hello {
  seq: number
  version: string
}

interface ResumeAnswer {
  status: 'resumed' | 'reload'
  seq?: number
}

export interface DeskLink {
  stop: () => void
}

export function startDeskLink(): DeskLink {
  const link = useLink()
  const desk = useDesk()
  const session = useSession()
  const handlers = makeHandlers()
  const stream = createStream(({ name, payload }) => handlers[name as DeskEventName](payload as never))
  let wasUp = false
  let retry = 0

  const socket: Socket = io('/desk', {
    transports: ['websocket'],
    withCredentials: true,
    reconnectionDelay: RETRY_FROM_MS,
    reconnectionDelayMax: RETRY_UP_TO_MS,
  })

  let reading: Promise<void> | null = null

  /** What is on the desk now, read from the server; events that came meanwhile follow it. */
  function readSnapshot(): Promise<void> {
    reading ??= readDesk().finally(() => {
      reading = null
    })
    return reading
  }
  async function readDesk(): Promise<void> {
    stream.hold()
    const { body, seq, serverTime } = await api.snapshot<DeskSnapshot>('/desk')
    correctClock(serverTime)
    desk.restore(body)
    stream.open(seq)
    link.readAgain()
  }

  async function catchUp(): Promise<void> {
    const after = stream.cursor
    if (after === null) return readSnapshot()
    stream.hold()
    const answer = (await socket.timeout(ACK_MS).emitWithAck('resume', { after })) as ResumeAnswer
    if (answer.status === 'resumed') stream.release(answer.seq ?? after)
    else await readSnapshot()
  }

  socket.on('hello', (hello: Hello) => {
    if (session.meta && hello.version !== session.meta.version) link.fellBehind()
    catchUp()
      .then(() => {
        link.cameUp(wasUp)
        wasUp = true
      })
      // No answer in time: the connection is worth nothing, the next one tries again.
      .catch(() => socket.disconnect().connect())
  })
  socket.on('reload', () => void readSnapshot().catch(() => link.fellBehind()))
  socket.on('disconnect', () => {
    stream.hold()
    link.wentDown()
  })
  socket.on('connect_error', () => {
    link.wentDown()
    if (socket.active) return // nobody there: the library tries again by itself
    // Refused. An ended session is one reason; the API says so plainly, and then the desk is left.
    void session.restore().catch(() => undefined)
    retry = window.setTimeout(() => socket.connect(), RETRY_UP_TO_MS)
  })
  for (const name of Object.keys(handlers)) {
    socket.on(name, (payload: Stamped) => stream.heard(name, payload))
  }
  // Beside the order of events, and never told again.
  const conversations = useConversations()
  socket.on('conversation.answering', (writing: Writing) => conversations.writes(writing))
  link.tell = (name, body) => void socket.volatile.emit(name, body)

  return {
    stop() {
      window.clearTimeout(retry)
      link.tell = () => undefined
      socket.removeAllListeners()
      socket.disconnect()
    },
  }
}
