import { describe, expect, it } from 'vitest'
import { Problem } from '@/api/client'
import { useReading } from './reading'

describe('reading what is shown', () => {
  it('takes the answer asked for last, though an older one comes after it', async () => {
    const { read } = useReading()
    const taken: string[] = []
    let answerOld: (value: string) => void = () => undefined

    const old = read(() => new Promise<string>((resolve) => (answerOld = resolve)), (answer) => taken.push(answer))
    await read(() => Promise.resolve('new'), (answer) => taken.push(answer))
    answerOld('old')
    await old

    expect(taken).toEqual(['new'])
  })

  it('says what went wrong until it was read after all', async () => {
    const { problem, read } = useReading()

    await read(() => Promise.reject(new Problem(503, 'whatever')), () => undefined)
    expect(problem.value).not.toBe('')

    await read(() => Promise.resolve(1), () => undefined)
    expect(problem.value).toBe('')
  })

  it('tells a long question that nobody waits for it any more', async () => {
    const { read } = useReading()
    let stillWanted: () => boolean = () => true

    void read((wanted) => { stillWanted = wanted; return new Promise<never>(() => undefined) }, () => undefined)
    expect(stillWanted()).toBe(true)
    await read(() => Promise.resolve(1), () => undefined)

    expect(stillWanted()).toBe(false)
  })
})
