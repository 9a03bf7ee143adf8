/** The things of the wire, by id, newest version only. */
import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { Agent, Callback, Client, Interaction } from '@/api/types'
import { createThings } from '@/lib/versioned'
import { useSession } from './session'

export const useInteractions = defineStore('interactions', () => createThings<Interaction>())
export const useCallbacks = defineStore('callbacks', () => createThings<Callback>())
export const useClients = defineStore('clients', () => createThings<Client>())

export const useAgents = defineStore('agents', () => {
  const things = createThings<Agent>()
  const session = useSession()
  const me = computed(() => things.get(session.user?.id))
  return { ...things, me }
})
