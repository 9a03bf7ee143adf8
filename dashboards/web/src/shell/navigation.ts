/** The sections of the desk, in the order of the rail. */
import { type ComputedRef, computed } from 'vue'
import { t } from '@/i18n'
import type { IconName } from '@/ui/icons'

export interface Section {
  name: 'today' | 'inbox' | 'leads' | 'board' | 'missed' | 'calls' | 'clients' | 'settings'
  icon: IconName
  title: string
  keys: string | null
}

export function useSections(): ComputedRef<Section[]> {
  return computed(() => [
    { name: 'today', icon: 'today', title: t('shell.today'), keys: 'KeyG KeyT' },
    { name: 'inbox', icon: 'inbox', title: t('shell.inbox'), keys: 'KeyG KeyI' },
    { name: 'board', icon: 'due', title: t('shell.board'), keys: 'KeyG KeyP' },
    { name: 'leads', icon: 'star', title: t('shell.leads'), keys: 'KeyG KeyL' },
    { name: 'missed', icon: 'call-lost', title: t('shell.missed'), keys: 'KeyG KeyM' },
    { name: 'calls', icon: 'handset', title: t('shell.calls'), keys: 'KeyG KeyC' },
    { name: 'clients', icon: 'people', title: t('shell.clients'), keys: 'KeyG KeyK' },
    { name: 'settings', icon: 'gear', title: t('shell.settings'), keys: null },
  ])
}

/** A client's card belongs to the clients, what was not recorded to the calls. */
export function isCurrent(section: Section['name'] | 'more', route: unknown): boolean {
  return route === section || (section === 'clients' && route === 'client') || (section === 'calls' && route === 'unrecorded')
}
