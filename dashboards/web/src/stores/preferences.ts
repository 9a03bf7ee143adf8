/** How this person likes the screen: kept in the browser, told to the server, applied at once. */
import { defineStore } from 'pinia'
import { reactive, watch } from 'vue'
import { api } from '@/api/client'
import type { Locale, Theme, User } from '@/api/types'
import { isLocale } from '@/i18n'

interface Preferences {
  theme: Theme
  locale: Locale | null
  /** 0 is off, 1 as loud as the machine allows. */
  ringVolume: number
  /** Of the chime when a promise is due or has come. */
  chimeVolume: number
  /** When a client writes; off until it is asked for. */
  messageVolume: number
  /** Whether notifications were offered: nobody is asked twice. */
  askedToNotify: boolean
}

// public/first-paint.js reads the same key before the first paint.
const KEY = 'perezvon.preferences'
const DEFAULTS: Preferences = { theme: 'auto', locale: null, ringVolume: 0.6, chimeVolume: 0.6, messageVolume: 0, askedToNotify: false }
const THEMES: readonly unknown[] = ['light', 'dark', 'auto']

const volume = (saved: unknown, usual: number): number =>
  typeof saved === 'number' ? Math.min(1, Math.max(0, saved)) : usual

function restore(): Preferences {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
    return {
      theme: THEMES.includes(saved.theme) ? (saved.theme as Theme) : DEFAULTS.theme,
      locale: isLocale(saved.locale) ? saved.locale : null,
      ringVolume: volume(saved.ringVolume, DEFAULTS.ringVolume),
      chimeVolume: volume(saved.chimeVolume, DEFAULTS.chimeVolume),
      messageVolume: volume(saved.messageVolume, DEFAULTS.messageVolume),
      askedToNotify: saved.askedToNotify === true,
    }
  } catch {
    return { ...DEFAULTS }
  }
}

export const usePreferences = defineStore('preferences', () => {
  const chosen = reactive(restore())
  const systemDark = matchMedia('(prefers-color-scheme: dark)')

  const applyTheme = (): void => {
    const dark = chosen.theme === 'dark' || (chosen.theme === 'auto' && systemDark.matches)
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  }
  systemDark.addEventListener('change', applyTheme)
  watch(() => chosen.theme, applyTheme, { immediate: true })
  watch(chosen, () => localStorage.setItem(KEY, JSON.stringify(chosen)))

  /** Changes here at once; the server of a signed-in person hears of it when it can. */
  function choose(change: { theme?: Theme; locale?: Locale }, signedIn: boolean): void {
    Object.assign(chosen, change)
    if (signedIn) api.patch('/users/me', change).catch(() => undefined)
  }

  /** A desk is shared by shifts: it looks as the person who sits down likes it. */
  function adopt(person: User): void {
    if (person.theme) chosen.theme = person.theme
    if (person.locale) chosen.locale = person.locale
  }

  return { chosen, choose, adopt }
})
