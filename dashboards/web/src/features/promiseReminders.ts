/**
 * What a promise says to the person at this desk: it is due soon, it has come, it has gone.
 *
 * Said once in a browser, whatever the number of its tabs: a toast, one low chime (never into a talk) and, while no
 * tab is looked at and the person has allowed it, a notification. Nothing takes the keyboard and no list jumps.
 */
import { onScopeDispose, watch } from 'vue'
import { useRouter } from 'vue-router'
import type { Callback } from '@/api/types'
import { locale, t } from '@/i18n'
import { useCalling } from '@/lib/calling'
import { now } from '@/lib/clock'
import { useFormats } from '@/lib/format'
import { shortName } from '@/lib/names'
import { askPermission, notify, permission } from '@/lib/notifications'
import { oncePerBrowser } from '@/lib/oncePerBrowser'
import { maskNumber } from '@/lib/phone'
import { isOwed } from '@/lib/promises'
import { chimePromise } from '@/slot/ringSound'
import { type Nudge, useDesk } from '@/stores/desk'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'
import { useCallbacks } from '@/stores/things'
import { type ToastAction, useToasts } from '@/stores/toasts'

const LATER_MS = 5 * 60_000
const SOONEST_MS = 60_000
/** With two answers to choose from, six seconds are too few. */
const ASKED_MS = 12_000

export function usePromiseReminders(): void {
  const desk = useDesk()
  const preferences = usePreferences()
  const session = useSession()
  const callbacks = useCallbacks()
  const toasts = useToasts()
  const formats = useFormats()
  const router = useRouter()
  const { keep } = useCalling()
  const postponed = new Map<string, number>()

  const nameOf = (promise: Callback): string => promise.client_name ?? maskNumber(promise.address ?? '')
  const whyOf = (promise: Callback): string => {
    const last = promise.history.at(-1)
    return last ? (last.words?.[locale.value] ?? last.explanation) : ''
  }
  const isMine = (promise: Callback): boolean => isOwed(promise) && promise.agent_id === session.user?.id

  function open(promise: Callback): void {
    void router.push(promise.client_id ? { name: 'client', params: { id: promise.client_id } } : { name: 'missed' })
  }

  /** Once more in a while, unless it has been seen to: at its deadline when that is nearer. */
  function later(promise: Callback): void {
    window.clearTimeout(postponed.get(promise.id))
    const wait = Math.max(SOONEST_MS, Math.min(LATER_MS, Date.parse(promise.due_at) - now.value))
    postponed.set(
      promise.id,
      window.setTimeout(() => {
        postponed.delete(promise.id)
        const fresh = callbacks.get(promise.id)
        if (fresh && isMine(fresh) && fresh.state === 'open') say({ kind: 'due', promise: fresh })
      }, wait),
    )
    offerNotifications()
  }

  /** Asked once, after the first reminder was answered, and never before somebody has clicked. */
  function offerNotifications(): void {
    if (permission() !== 'default' || preferences.chosen.askedToNotify) return
    preferences.chosen.askedToNotify = true
    toasts.say(t('shell.notify_offer'), {
      action: { label: t('shell.notify_allow'), run: () => void askPermission() },
      other: { label: t('common.cancel'), run: () => undefined },
      lastsMs: ASKED_MS,
    })
  }

  function sentenceOf({ kind, promise }: Nudge): string {
    const name = nameOf(promise)
    switch (kind) {
      case 'due':
        return Date.parse(promise.due_at) > now.value
          ? t('shell.promise_due', { name, when: formats.due(promise.due_at) })
          : t('shell.promise_late', { name, when: formats.due(promise.due_at) })
      case 'came':
        return t('shell.promise_moved', { name })
      case 'left':
        return t('shell.promise_left', { name, who: shortName(promise.agent_name ?? '') })
    }
  }

  function say(nudge: Nudge): void {
    const { kind, promise } = nudge
    const text = sentenceOf(nudge)
    const look: ToastAction = { label: t('common.open'), run: () => open(promise) }
    if (kind === 'left') {
      toasts.say([text, whyOf(promise), t('shell.nothing_to_do')].filter(Boolean).join(' '), { action: look, lastsMs: ASKED_MS })
      return
    }
    const act: ToastAction =
      promise.via === 'call' ? { label: t('common.call'), run: () => void keep(promise) } : look
    toasts.say(text, {
      tone: 'due',
      action: act,
      other: { label: t('shell.later'), run: () => later(promise) },
      lastsMs: ASKED_MS,
    })
    if (desk.talks) return
    chimePromise(preferences.chosen.chimeVolume)
    notify(promise.id, text, promise.subject ?? '', () => open(promise))
  }

  watch(
    () => desk.nudge,
    (nudge) => {
      if (!nudge) return
      const { kind, promise } = nudge
      // Told late, after a lost link: what has been seen to meanwhile is no news.
      if (kind !== 'left' && !isMine(callbacks.get(promise.id) ?? promise)) return
      oncePerBrowser(`${kind}:${promise.id}:${promise.version}`, () => say(nudge))
    },
  )
  onScopeDispose(() => postponed.forEach((timer) => window.clearTimeout(timer)))
}
