/** Reading on in a conversation when somebody gets near an end of what is held of it; what they look at stays where it is. */
import { type Ref, nextTick, onBeforeUpdate, onUpdated, ref, watch } from 'vue'
import { sentence } from '@/api/problems'
import { useConversations } from '@/stores/conversations'
import type { Way } from '@/stores/pieces'

/** About a screen ahead: read before one gets there. */
const NEAR_PX = 600

export interface ReadingOn {
  reading: Ref<boolean>
  problem: Ref<string>
  /** Somebody has scrolled. */
  near: () => void
  readOn: (way: Way) => Promise<void>
}

export function useReadingOn(id: () => string, scroller: Readonly<Ref<HTMLElement | null>>): ReadingOn {
  const conversations = useConversations()
  const reading = ref(false)
  const problem = ref('')
  watch(id, () => (problem.value = ''))

  async function readOn(way: Way): Promise<void> {
    const place = scroller.value
    if (!place || reading.value || !conversations.leads(id(), way)) return
    reading.value = true
    try {
      await conversations.readOn(id(), way)
      problem.value = ''
    } catch (error) {
      problem.value = sentence(error)
    }
    await nextTick()
    reading.value = false
  }

  let anchor: { message: Element; top: number } | null = null
  onBeforeUpdate(() => {
    if (!reading.value) return
    const place = scroller.value
    const edge = place?.getBoundingClientRect().top ?? 0
    const message = Array.from(place?.querySelectorAll('article') ?? []).find((one) => one.getBoundingClientRect().bottom > edge)
    anchor = message ? { message, top: message.getBoundingClientRect().top } : null
  })
  onUpdated(() => {
    if (anchor?.message.isConnected) scroller.value?.scrollBy({ top: anchor.message.getBoundingClientRect().top - anchor.top })
    anchor = null
  })

  /** What was refused is asked again only by hand. */
  function near(): void {
    const place = scroller.value
    if (!place || problem.value) return
    if (place.scrollTop < NEAR_PX) void readOn('older')
    else if (place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_PX) void readOn('newer')
  }
  return { reading, problem, near, readOn }
}
