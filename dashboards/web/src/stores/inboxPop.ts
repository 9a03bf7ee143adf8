/** What has just come into the inbox and stands on the desk until it is looked at, or has been there long enough. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { InboxNews } from './conversations'

const SHOWN_MS = 20_000

export const useInboxPop = defineStore('inboxPop', () => {
  const shown = shallowRef<InboxNews | null>(null)
  let timer = 0

  function show(news: InboxNews): void {
    shown.value = news
    window.clearTimeout(timer)
    timer = window.setTimeout(() => (shown.value = null), SHOWN_MS)
  }
  function dismiss(conversationId?: string): void {
    if (conversationId === undefined || shown.value?.conversation.id === conversationId) shown.value = null
  }
  return { shown, show, dismiss }
})
