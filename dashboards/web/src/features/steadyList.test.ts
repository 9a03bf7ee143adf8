import { nextTick, ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { useSteadyList } from './steadyList'

const rows = (...ids: string[]) => ids.map((id) => ({ id }))
const ids = (list: readonly { id: string }[]): string => list.map(({ id }) => id).join('')

async function listOf(...first: string[]) {
  const items = ref(rows(...first))
  const known = ref(true)
  const list = useSteadyList(items, known)
  await nextTick()
  return { items, known, list }
}

describe('a list under the hand', () => {
  it('counts what is new and shows it when asked', async () => {
    const { items, list } = await listOf('b', 'c')

    items.value = rows('a', 'b', 'c')
    await nextTick()
    expect(ids(list.shown.value)).toBe('bc')
    expect(list.waiting.value).toBe(1)

    list.show()
    expect(ids(list.shown.value)).toBe('abc')
    expect(list.waiting.value).toBe(0)
  })

  it('lets go of what has gone', async () => {
    const { items, list } = await listOf('a', 'b')

    items.value = rows('b')
    await nextTick()

    expect(ids(list.shown.value)).toBe('b')
    expect(list.waiting.value).toBe(0)
  })

  it('takes everything while it is empty or still being read', async () => {
    const { items, known, list } = await listOf()
    items.value = rows('a')
    await nextTick()
    expect(ids(list.shown.value)).toBe('a')

    known.value = false
    items.value = rows('z', 'a')
    await nextTick()
    expect(ids(list.shown.value)).toBe('za')
  })
})
