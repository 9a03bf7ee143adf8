/** The PBXs, and whether the server hears them: from one that is silent no call pops here. */
import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { api } from '@/api/client'
import type { PbxLink } from '@/api/types'
import { useLink } from '@/live/link'

export const usePbxs = defineStore('pbxs', () => {
  const links = shallowRef<PbxLink[]>([])
  const link = useLink()

  async function load(): Promise<void> {
    try {
      links.value = (await api.get<{ items: PbxLink[] }>('/links')).items
    } catch {
      // What was known stays on the screen; the next word from the server reads it again.
    }
  }
  watch(() => link.generation, load)

  /** The one that is not heard since before `limit`, if there is one; a stumble is not worth a word. */
  function silent(limit: number): PbxLink | null {
    return links.value.find(({ up, heard_at: at }) => !up && (at === null || Date.parse(at) < limit)) ?? null
  }

  return { several: computed(() => links.value.length > 1), load, silent }
})
