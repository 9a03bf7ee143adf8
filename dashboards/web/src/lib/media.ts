/** Whether the screen is of a kind, as it changes. */
import { type Ref, onBeforeUnmount, readonly, ref } from 'vue'

/** As in the styles: below this the facts of a card go behind a tab, and lists give way to what was opened. */
export const BELOW_DESK = '(max-width: 1180px)'
/** Where what is opened fills the screen. */
export const PHONE = '(max-width: 720px)'

export function useMedia(query: string): Readonly<Ref<boolean>> {
  const media = matchMedia(query)
  const matches = ref(media.matches)
  const follow = (): void => void (matches.value = media.matches)
  media.addEventListener('change', follow)
  onBeforeUnmount(() => media.removeEventListener('change', follow))
  return readonly(matches)
}
