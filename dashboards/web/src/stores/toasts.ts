/** One short message at a time, at the foot of the screen. Nothing that has consequences is said here. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { uuid } from '@/lib/ids'

export interface Toast {
  id: string
  text: string
  tone: 'plain' | 'problem'
  /** Longer than usual, for what may be undone. */
  lastsMs?: number
  action?: { label: string; run: () => void }
}

export const useToasts = defineStore('toasts', () => {
  const current = shallowRef<Toast | null>(null)

  function say(text: string, options: Partial<Pick<Toast, 'tone' | 'action' | 'lastsMs'>> = {}): void {
    current.value = { id: uuid(), text, tone: 'plain', ...options }
  }
  function dismiss(): void {
    current.value = null
  }
  return { current, say, dismiss }
})
