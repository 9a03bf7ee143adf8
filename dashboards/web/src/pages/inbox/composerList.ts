/** The list over the composer: what is asked for at the caret, gone through by keys while one goes on typing. */
import { type ComputedRef, type Ref, computed, ref, watch } from 'vue'
import { api } from '@/api/client'
import { t } from '@/i18n'
import { shortName } from '@/lib/names'
import { unfilled } from '@/lib/places'
import { type Asked, askedAt, insertAt, matching } from '@/lib/typeAhead'
import { useCannedAnswers } from '@/stores/cannedAnswers'
import { useSession } from '@/stores/session'
import { useAgents } from '@/stores/things'
import type { ComposerOption } from './ComposerList.vue'

export interface ComposerChoices {
  options: ComputedRef<readonly ComposerOption[]>
  /** Whether the list is asked for. */
  open: ComputedRef<boolean>
  at: Ref<number>
  /** The caret or the text has moved. */
  look: () => void
  /** True when the list took the key. */
  press: (event: KeyboardEvent) => boolean
  choose: (option: ComposerOption) => Promise<void>
  close: () => void
  /** Those of the called who are still named in the text. */
  mentioned: (text: string) => string[]
}

interface Text {
  conversationId: string
  area: () => HTMLTextAreaElement | null
  written: Ref<string>
  noting: Ref<boolean>
  fails: (error: unknown) => void
}

const called = (name: string): string => `@${shortName(name)}`

export function useComposerChoices({ conversationId, area, written, noting, fails }: Text): ComposerChoices {
  const answers = useCannedAnswers()
  const agents = useAgents()
  const session = useSession()
  const asked = ref<Asked | null>(null)
  const at = ref(0)

  function look(): void {
    const field = area()
    asked.value = field ? askedAt(field.value, field.selectionStart, noting.value ? '@' : '/') : null
  }
  watch(
    () => asked.value?.start,
    (start) => {
      if (start === undefined) return
      if (noting.value) void agents.readAll().catch(fails)
      else if (answers.items === null) void answers.load().catch(fails)
    },
  )
  const colleagues = computed(() => Array.from(agents.byId.values()).filter(({ id }) => id !== session.user?.id))
  const options = computed<readonly ComposerOption[]>(() => {
    const query = asked.value?.query ?? ''
    if (noting.value) {
      return matching(colleagues.value, query, ({ name, login }) => [name, login]).map(({ id, name, state }) => ({ id, title: name, note: t(`state.${state}`) }))
    }
    return matching(answers.items ?? [], query, ({ shortcut, title }) => [shortcut, title]).map(({ id, title, shortcut }) => ({ id, title, note: `/${shortcut}` }))
  })
  watch(options, () => (at.value = 0))

  async function choose(option: ComposerOption): Promise<void> {
    const [place, field] = [asked.value, area()]
    if (!place || !field) return
    const caret = field.selectionStart
    asked.value = null
    try {
      const text = noting.value
        ? `${called(option.title)} `
        : (await api.get<{ text: string }>(`/conversations/${conversationId}/canned-answers/${option.id}`)).text
      const put = insertAt(written.value, place, caret, text)
      written.value = put.text
      field.focus()
      const [gap] = unfilled(text)
      const [from, to] = gap ? [place.start + gap.start, place.start + gap.end] : [put.caret, put.caret]
      requestAnimationFrame(() => field.setSelectionRange(from, to))
    } catch (error) {
      fails(error)
    }
  }
  function press(event: KeyboardEvent): boolean {
    if (!asked.value || event.isComposing || event.ctrlKey || event.metaKey) return false
    const count = options.value.length
    if (event.key === 'Escape') asked.value = null
    else if (event.key === 'ArrowDown' && count) at.value = (at.value + 1) % count
    else if (event.key === 'ArrowUp' && count) at.value = (at.value + count - 1) % count
    else if ((event.key === 'Enter' || event.key === 'Tab') && count) void choose(options.value[at.value] as ComposerOption)
    else return false
    return true
  }
  return {
    options,
    open: computed(() => asked.value !== null),
    at,
    look,
    press,
    choose,
    close: () => void (asked.value = null),
    mentioned: (text) => colleagues.value.filter(({ name }) => text.includes(called(name))).map(({ id }) => id),
  }
}
