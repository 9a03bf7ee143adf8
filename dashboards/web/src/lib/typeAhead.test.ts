import { describe, expect, it } from 'vitest'
import { askedAt, insertAt, matching } from './typeAhead'

describe('a word that asks for a list', () => {
  it('begins with the sign, at the beginning of a word', () => {
    expect(askedAt('/pri', 4, '/')).toEqual({ query: 'pri', start: 0 })
    expect(askedAt('See /pri and', 8, '/')).toEqual({ query: 'pri', start: 4 })
    expect(askedAt('/', 1, '/')).toEqual({ query: '', start: 0 })
  })
  it('is no slash inside a word, and none that was left behind', () => {
    expect(askedAt('and/or', 6, '/')).toBeNull()
    expect(askedAt('https://x', 9, '/')).toBeNull()
    expect(askedAt('/price now', 10, '/')).toBeNull()
    expect(askedAt('', 0, '@')).toBeNull()
  })
  it('gives way to what was chosen, and the rest stays', () => {
    expect(insertAt('See /pri please', { query: 'pri', start: 4 }, 8, 'the price')).toEqual({ text: 'See the price please', caret: 13 })
  })
})

it('finds by the beginning of any word', () => {
  const people = ['Ruslan Karimov', 'Anna-Maria Lee']

  expect(matching(people, 'kar', (name) => [name])).toEqual(['Ruslan Karimov'])
  expect(matching(people, 'mar', (name) => [name])).toEqual(['Anna-Maria Lee'])
  expect(matching(people, '', (name) => [name])).toEqual(people)
})
