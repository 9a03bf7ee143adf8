import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { api } from '@/api/client'
import type { PbxLink } from '@/api/types'
import { usePbxs } from './pbxs'

const HEARD = Date.parse('2026-10-30T12:03:00Z')
const pbx = (fields: Partial<PbxLink>): PbxLink => ({
  name: 'main',
  up: false,
  heard_at: '2026-10-30T12:03:00Z',
  version: 1,
  ...fields,
})

async function told(...items: PbxLink[]) {
  vi.spyOn(api, 'get').mockResolvedValue({ items })
  const pbxs = usePbxs()
  await pbxs.load()
  return pbxs
}

describe('a PBX that is not heard', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    vi.restoreAllMocks()
  })

  it('is silent once it was for longer than a stumble', async () => {
    const pbxs = await told(pbx({}))

    expect(pbxs.silent(HEARD)).toBeNull()
    expect(pbxs.silent(HEARD + 1)?.name).toBe('main')
  })

  it('is silent when it was never heard', async () => {
    const pbxs = await told(pbx({ heard_at: null }))

    expect(pbxs.silent(0)?.name).toBe('main')
  })

  it('is no word about one that is up', async () => {
    const pbxs = await told(pbx({ up: true }))

    expect(pbxs.silent(HEARD + 60_000)).toBeNull()
  })

  it('is told apart where there are several', async () => {
    const pbxs = await told(pbx({ up: true }), pbx({ name: 'second' }))

    expect(pbxs.several).toBe(true)
    expect(pbxs.silent(HEARD + 60_000)?.name).toBe('second')
  })
})
