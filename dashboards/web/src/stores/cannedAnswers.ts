/** Ready answers of the company and of one's team: read when they are first asked for, and after an edit. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '@/api/client'
import type { CannedAnswer } from '@/api/conversations'

export const useCannedAnswers = defineStore('cannedAnswers', () => {
  const items = shallowRef<readonly CannedAnswer[] | null>(null)

  const take = (answer: { items: CannedAnswer[] }): void => void (items.value = answer.items)
  const load = (): Promise<void> => api.get<{ items: CannedAnswer[] }>('/canned-answers').then(take)
  return { items, take, load }
})
