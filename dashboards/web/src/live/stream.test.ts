import { describe, expect, it } from 'vitest'
import { type Heard, createStream } from './stream'

const stamped = (seq: number) => ({ seq, version: 1, at: '2026-10-30T12:00:00Z' })

function listening() {
  const passed: string[] = []
  const stream = createStream((event: Heard) => passed.push(`${event.name} ${event.payload.seq}`))
  return { stream, passed }
}

describe('events and snapshots', () => {
  it('holds events until the snapshot is read, then passes only the newer ones', () => {
    const { stream, passed } = listening()

    stream.heard('call.offered', stamped(4))
    stream.heard('call.answered', stamped(6))
    stream.open(5)
    stream.heard('call.ended', stamped(9))

    expect(passed).toEqual(['call.answered 6', 'call.ended 9'])
    expect(stream.cursor).toBe(9)
  })

  it('passes missed events in order, also when a new one came between them', () => {
    const { stream, passed } = listening()
    stream.open(5)

    stream.hold()
    stream.heard('agent.changed', stamped(12))
    stream.heard('call.offered', stamped(7))
    stream.heard('call.withdrawn', stamped(8))
    stream.release(12)

    expect(passed).toEqual(['call.offered 7', 'call.withdrawn 8', 'agent.changed 12'])
  })

  it('does not move its cursor over what it only holds, so that a broken resume starts again from the same place', () => {
    const { stream } = listening()
    stream.open(5)

    stream.hold()
    stream.heard('call.offered', stamped(7))
    stream.hold()

    expect(stream.cursor).toBe(5)
  })
})
