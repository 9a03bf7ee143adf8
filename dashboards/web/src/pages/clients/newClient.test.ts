import { describe, expect, it } from 'vitest'
import { startOf } from './newClient'

describe('a new client', () => {
  it('begins with what was looked for, in the field where it belongs', () => {
    expect(startOf(' Олжас ').name).toBe('Олжас')
    expect(startOf('8 (701) 123-45').phone).toBe('8 (701) 123-45')
    expect(startOf('anna@mail.test').email).toBe('anna@mail.test')
    expect(startOf('')).toEqual({ name: '', phone: '', email: '' })
  })
})
