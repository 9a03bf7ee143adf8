/** Pages. Each is a chunk of its own; what is on the desk around them stays. */
import { createRouter, createWebHistory } from 'vue-router'
import { t } from '@/i18n'
import { useLink } from '@/live/link'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Seen without signing in. */
    public?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: { name: 'today' } },
    { path: '/sign-in', name: 'sign-in', meta: { public: true }, component: () => import('@/pages/SignInPage.vue') },
    { path: '/today', name: 'today', component: () => import('@/pages/today/TodayPage.vue') },
    { path: '/promises', name: 'board', component: () => import('@/pages/board/BoardPage.vue') },
    { path: '/leads', name: 'leads', component: () => import('@/pages/leads/LeadsPage.vue') },
    { path: '/inbox/:id?', name: 'inbox', props: true, component: () => import('@/pages/inbox/InboxPage.vue') },
    { path: '/calls', name: 'calls', component: () => import('@/pages/calls/CallsPage.vue') },
    { path: '/missed', name: 'missed', component: () => import('@/pages/missed/MissedPage.vue') },
    { path: '/unrecorded', name: 'unrecorded', component: () => import('@/pages/unrecorded/UnrecordedPage.vue') },
    { path: '/gaps', name: 'gaps', component: () => import('@/pages/gaps/GapsPage.vue') },
    { path: '/clients', name: 'clients', component: () => import('@/pages/clients/ClientsPage.vue') },
    { path: '/clients/:id', name: 'client', props: true, component: () => import('@/pages/client/ClientPage.vue') },
    { path: '/settings/:section?', name: 'settings', props: true, component: () => import('@/pages/settings/SettingsPage.vue') },
    { path: '/more', name: 'more', component: () => import('@/pages/MorePage.vue') },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('@/pages/NowherePage.vue') },
  ],
})

/** All pages fetched ahead: opening one is instant then, and needs no connection. */
export function fetchPages(): void {
  for (const { components } of router.getRoutes()) {
    const page = components?.default
    // A lazy page is a plain function; one that was loaded is an object. A failed fetch is tried again when opened.
    if (typeof page === 'function') void Promise.resolve((page as () => unknown)()).catch(() => undefined)
  }
}

// A page that cannot be fetched: without a link it must wait; with one, the server has a newer app, so load that.
router.onError((_error, to) => {
  if (useLink().state === 'lost') useToasts().say(t('problems.no_connection'), { tone: 'problem' })
  else window.location.assign(to.fullPath)
})

router.beforeEach((to) => {
  const session = useSession()
  if (!to.meta.public && !session.user) return { name: 'sign-in', query: { next: to.fullPath } }
  if (to.name === 'sign-in' && session.user) return { name: 'today' }
  return true
})
