import { describe, expect, it } from 'vitest'
import { within } from './answerTimes'

describe('times within which a queue answers', () => {
  it('keeps what is said of a channel, and nothing of the others', () => {
    expect(within({}, 'email', 'first_s', 3600)).toEqual({ email: { first_s: 3600, next_s: null } })
  })

  it('forgets a channel that is all as usual again', () => {
    const times = { email: { first_s: 3600, next_s: null }, webchat: { first_s: 60, next_s: 60 } }
    expect(within(times, 'email', 'first_s', null)).toEqual({ webchat: { first_s: 60, next_s: 60 } })
  })
})
