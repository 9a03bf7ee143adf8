/** Who is signed in, and what the server said about itself. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api, isProblem, useCsrfToken } from '@/api/client'
import type { Meta, SessionBody, User } from '@/api/types'

export const useSession = defineStore('session', () => {
  const meta = shallowRef<Meta | null>(null)
  const user = shallowRef<User | null>(null)

  /** Every time on the screen is in this zone: the team's, not the machine's. */
  const timezone = computed(() => meta.value?.timezone ?? 'UTC')
  const leads = computed(() => user.value !== null && user.value.role !== 'agent')

  function accept(body: SessionBody | null): void {
    user.value = body?.user ?? null
    useCsrfToken(body?.csrf_token ?? null)
  }

  async function learnAboutServer(): Promise<void> {
    meta.value = await api.get<Meta>('/meta')
  }

  /** True when this browser is still signed in. */
  async function restore(): Promise<boolean> {
    try {
      accept(await api.get<SessionBody>('/session'))
      return true
    } catch (error) {
      if (!isProblem(error) || error.status !== 401) throw error
      accept(null)
      return false
    }
  }

  async function signIn(login: string, password: string): Promise<void> {
    accept(await api.post<SessionBody>('/session', { login, password }))
  }

  async function signOut(): Promise<void> {
    try {
      await api.delete('/session')
    } finally {
      accept(null)
    }
  }

  return { meta, user, timezone, leads, learnAboutServer, restore, signIn, signOut, forget: () => accept(null) }
})
