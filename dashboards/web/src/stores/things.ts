/** The things of the wire, by id, newest version only. */
import { defineStore } from 'pinia'
import { computed } from 'vue'
import { api } from '@/api/client'
import type { Agent, Callback, Client, Interaction, Page } from '@/api/types'
import { createThings } from '@/lib/versioned'
import { useSession } from './session'

export const useInteractions = defineStore('interactions', () => createThings<Interaction>())
export const useCallbacks = defineStore('callbacks', () => createThings<Callback>())

export const useClients = defineStore('clients', () => {
  const things = createThings<Client>()

  async function read(id: string): Promise<Client> {
    return things.put(await api.get<Client>(`/clients/${id}`))
  }
  /** Somebody edited it: read again what somebody here may be looking at. */
  async function readAgain(id: string): Promise<void> {
    if (things.byId.has(id)) await read(id).catch(() => undefined)
  }
  return { ...things, read, readAgain }
})

export const useAgents = defineStore('agents', () => {
  const things = createThings<Agent>()
  const session = useSession()
  const me = computed(() => things.get(session.user?.id))
  /** Everybody this person may know of. */
  async function readAll(): Promise<void> {
    things.putAll((await api.get<Page<Agent>>('/agents')).items)
  }
  return { ...things, me, readAll }
})
