import { describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/client'
import { useAttempt } from './attempt'

describe('an attempt', () => {
  it('gives what the work gave, and is busy only meanwhile', async () => {
    const { busy, attempt } = useAttempt()

    const answer = attempt(() => Promise.resolve(7))

    expect(busy.value).toBe(true)
    expect(await answer).toBe(7)
    expect(busy.value).toBe(false)
  })

  it('is made once however often it is pressed', async () => {
    const { attempt } = useAttempt()
    const work = vi.fn(() => Promise.resolve('done'))

    const [first, second] = await Promise.all([attempt(work), attempt(work)])

    expect([first, second]).toEqual(['done', null])
    expect(work).toHaveBeenCalledOnce()
  })

  it('says why it was refused until the next one begins', async () => {
    const { problem, attempt } = useAttempt()

    expect(await attempt(() => Promise.reject(new Problem(403, 'not_allowed')))).toBeNull()
    expect(problem.value).not.toBe('')

    void attempt(() => Promise.resolve())
    expect(problem.value).toBe('')
  })

  it('leaves to others the refusals they tell themselves', async () => {
    const { problem, attempt } = useAttempt((error) => error instanceof Problem && error.code === 'version_conflict')

    await attempt(() => Promise.reject(new Problem(409, 'version_conflict')))
    expect(problem.value).toBe('')

    await attempt(() => Promise.reject(new Problem(403, 'not_allowed')))
    expect(problem.value).not.toBe('')
  })
})
