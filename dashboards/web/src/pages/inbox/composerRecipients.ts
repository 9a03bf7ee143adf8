/** To whom an answer to a mail goes: as the server proposes it, until its writer says otherwise. What is shown is what is sent. */
import { type ComputedRef, computed, ref, watch } from 'vue'
import { api } from '@/api/client'
import type { AnswerRecipients, Conversation } from '@/api/conversations'
import { useReading } from '@/lib/reading'

/** Kept in the draft; `to` empty: as proposed. */
export interface ChosenRecipients {
  to: string[]
  cc: string[]
}

export interface ComposerRecipients {
  to: ComputedRef<readonly string[]>
  cc: ComputedRef<readonly string[]>
  /** The other of the address a mail came from and the one at which it asks to be answered. */
  instead: ComputedRef<readonly string[]>
  /** Who got the mail too and would not get this answer. */
  others: ComputedRef<readonly string[]>
  /** Write to the other address. */
  turn: () => void
  answerAll: () => void
  /** False: this is no address. */
  add: (typed: string) => boolean
  remove: (address: string) => void
  /** As a message names them; empty for what is no mail. */
  told: () => Partial<ChosenRecipients>
}

// As much as the eye checks; the server looks again.
const ADDRESS = /^[^@\s<>",;:()[\]\\]{1,64}@[^@\s<>",;:()[\]\\/]{1,255}$/

const without = (all: readonly string[], gone: readonly string[]): string[] => all.filter((one) => !gone.includes(one))

/** `lastId`: the newest message; what comes may change who is answered. */
export function useComposerRecipients(conversation: Conversation, lastId: () => string | null, chosen: ChosenRecipients): ComposerRecipients {
  const offered = ref<AnswerRecipients>({ to: [], instead: [], others: [] })
  const { read } = useReading()
  const isMail = conversation.channel === 'email'

  watch(
    lastId,
    () => {
      if (isMail) void read(() => api.get<AnswerRecipients>(`/conversations/${conversation.id}/recipients`), (answer) => (offered.value = answer))
    },
    { immediate: true },
  )

  const to = computed(() => (chosen.to.length > 0 ? chosen.to : offered.value.to))
  const either = computed(() => (offered.value.instead.length > 0 ? [offered.value.to, offered.value.instead] : []))
  const instead = computed(() => either.value.find((one) => one.join() !== to.value.join()) ?? [])

  function add(typed: string): boolean {
    const found = typed.toLowerCase().split(/[\s,;]+/).filter(Boolean)
    if (!found.every((one) => ADDRESS.test(one))) return false
    chosen.cc = [...new Set([...chosen.cc, ...found])]
    return true
  }
  return {
    to,
    cc: computed(() => chosen.cc),
    instead,
    others: computed(() => without(offered.value.others, [...to.value, ...chosen.cc])),
    turn: () => (chosen.to = [...instead.value]),
    answerAll: () => (chosen.cc = [...new Set([...chosen.cc, ...without(offered.value.others, to.value)])]),
    add,
    remove: (address) => (chosen.cc = without(chosen.cc, [address])),
    told: () => (isMail ? { to: [...to.value], cc: without(chosen.cc, to.value) } : {}),
  }
}
