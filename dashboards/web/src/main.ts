import '@/styles/app.css'
import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import App from '@/App.vue'
import { onSignedOut } from '@/api/client'
import type { Locale } from '@/api/types'
import { i18n, isLocale, useLocale } from '@/i18n'
import { startClock } from '@/lib/clock'
import { startKeyboard } from '@/lib/keys'
import NoServerPage from '@/pages/NoServerPage.vue'
import { router } from '@/router'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'

const RETRY_MS = 5000
const ROOT = '#app'

const pinia = createPinia()
const session = useSession(pinia)
const preferences = usePreferences(pinia)

async function meetServer(): Promise<void> {
  await session.learnAboutServer()
  await session.restore()
}

/** Until the server has answered once there is nothing true to show but that. */
async function waitForServer(): Promise<void> {
  const page = createApp(NoServerPage)
  page.mount(ROOT)
  for (;;) {
    await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS))
    try {
      await meetServer()
      page.unmount()
      return
    } catch {
      // Said on the page already; the next try is five seconds away.
    }
  }
}

/** What was chosen here, else the company's language; a stranger who looks at the demo is met in their own. */
function startingLocale(): Locale {
  const spoken = session.meta?.demo ? navigator.languages.map((tag) => tag.slice(0, 2)).find(isLocale) : null
  return preferences.chosen.locale ?? spoken ?? session.meta?.locale ?? 'ru'
}

async function start(): Promise<void> {
  await useLocale(preferences.chosen.locale ?? 'ru')
  await meetServer().catch(waitForServer)
  watch(
    () => session.user,
    (person) => {
      if (person) preferences.adopt(person)
      void useLocale(startingLocale())
    },
  )
  if (session.user) preferences.adopt(session.user)
  await useLocale(startingLocale())
  onSignedOut(session.forget)
  startClock()
  startKeyboard()
  createApp(App).use(pinia).use(i18n).use(router).mount(ROOT)
}

void start()
