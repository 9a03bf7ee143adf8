/** One short message at a time, at the foot of the screen. Nothing that has consequences is said here. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { uuid } from '@/lib/ids'

export interface ToastAction {
  label: string
  run: () => void
}

export interface Toast {
  id: string
  text: string
  tone: 'plain' | 'problem' | 'due'
  /** Longer than usual, for what may be undone. */
  lastsMs?: number
  action?: ToastAction
  /** Beside the action: not now. */
  other?: ToastAction
}

export const useToasts = defineStore('toasts', () => {
  const current = shallowRef<Toast | null>(null)

  function say(text: string, options: Partial<Pick<Toast, 'tone' | 'action' | 'other' | 'lastsMs'>> = {}): void {
    current.value = { id: uuid(), text, tone: 'plain', ...options }
  }
  function dismiss(): void {
    current.value = null
  }
  return { current, say, dismiss }
})
