import { describe, expect, it } from 'vitest'
import type { PathStop } from '@/api/types'
import { drawnPath } from './callPath'

function stop(kind: PathStop['kind'], name: string): PathStop {
  const queue = kind === 'queue' ? name : null
  return { kind, name, queue, agent_id: null, from: '2026-11-21T12:00:00Z', to: null, duration_s: null, note: null }
}
const drawn = (path: PathStop[], least?: number): string[] => drawnPath({ path }, least).map((one) => one.name)

describe('the chain of a call', () => {
  it('is not drawn when one person had the client', () => {
    expect(drawn([stop('queue', 'sales'), stop('agent', 'Anna')])).toEqual([])
  })
  it('leaves out the first wait, and shows the next ones', () => {
    const path = [stop('queue', 'sales'), stop('agent', 'Anna'), stop('queue', 'hotline'), stop('agent', 'Boris')]
    expect(drawn(path)).toEqual(['Anna', 'hotline', 'Boris'])
  })
  it('shows both queues of an overflow', () => {
    expect(drawn([stop('queue', 'sales'), stop('queue', 'hotline'), stop('agent', 'Anna')])).toEqual([
      'sales',
      'hotline',
      'Anna',
    ])
  })
  it('shows one person to whoever the client is passed on to', () => {
    expect(drawn([stop('queue', 'sales'), stop('agent', 'Anna')], 1)).toEqual(['Anna'])
  })
  it('shows nothing of a call nobody has had yet', () => {
    expect(drawn([], 1)).toEqual([])
    expect(drawn([stop('queue', 'sales')], 1)).toEqual([])
  })
})
