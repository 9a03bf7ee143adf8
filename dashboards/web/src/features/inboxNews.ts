/**
 * What the inbox has for this desk: a message, a conversation that came, a clock that runs out, a colleague who calls.
 *
 * It pops in its place without taking the keyboard; sound and notification once a browser, and never into a talk.
 * What one looks at already is no news.
 */
import { watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { locale, t } from '@/i18n'
import { notify } from '@/lib/notifications'
import { oncePerBrowser } from '@/lib/oncePerBrowser'
import { useLink } from '@/live/link'
import { chimeMessage } from '@/slot/ringSound'
import { type InboxNews, useConversations } from '@/stores/conversations'
import { useDesk } from '@/stores/desk'
import { useInboxPop } from '@/stores/inboxPop'
import { usePreferences } from '@/stores/preferences'
import { nameOf } from './conversationNames'

/** What happened, and the line beside it. */
export function wordsOf(news: InboxNews): { title: string; line: string } {
  const title = t(`inbox.news.${news.kind}`)
  switch (news.kind) {
    case 'message':
    case 'mentioned':
      return { title, line: news.message.own_text || news.message.attachments[0]?.name || t('inbox.no_text') }
    case 'moved':
      return { title, line: news.words[locale.value] }
    case 'due':
    case 'stuck':
      return { title, line: news.conversation.last_excerpt }
  }
}

const keyOf = (news: InboxNews): string =>
  `inbox:${news.kind}:${news.conversation.id}:${'message' in news ? news.message.id : news.conversation.version}`

export function useInboxNews(): void {
  const conversations = useConversations()
  const pop = useInboxPop()
  const link = useLink()
  const desk = useDesk()
  const preferences = usePreferences()
  const route = useRoute()
  const router = useRouter()

  const isOpen = (id: string): boolean => route.name === 'inbox' && route.params.id === id
  const open = (news: InboxNews) => router.push({ name: 'inbox', params: { id: news.conversation.id } })

  watch(() => link.generation, () => void conversations.load().catch(() => undefined), { immediate: true })
  watch(
    () => conversations.news,
    (news) => {
      if (!news || (isOpen(news.conversation.id) && !document.hidden)) return
      pop.show(news)
      oncePerBrowser(keyOf(news), () => {
        if (desk.talks) return
        chimeMessage(preferences.chosen.messageVolume)
        const { title, line } = wordsOf(news)
        notify(news.conversation.id, `${title}: ${nameOf(news.conversation)}`, line, () => void open(news))
      })
    },
  )
  watch(
    () => route.params.id,
    (id) => {
      if (route.name === 'inbox' && typeof id === 'string') pop.dismiss(id)
    },
  )
}
