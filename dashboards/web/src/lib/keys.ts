/**
 * Keys, bound to places on the keyboard (`event.code`), so that they work in every layout.
 *
 * A binding is written `F2`, `Ctrl+Enter`, `Digit1`, `KeyG KeyT` (one after the other) or `?`
 * (the sign itself, wherever the layout keeps it). Keys that type something work only while
 * nobody is typing; function keys and Ctrl work from everywhere, even mid-sentence.
 */
import { onBeforeUnmount, onMounted } from 'vue'

export type KeyPress = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** Answering `false` leaves the key to whoever bound it before. */
export type KeyHandler = (event: KeyPress) => void | false
export type Bindings = Readonly<Record<string, KeyHandler>>

const SEQUENCE_MS = 1000
const FUNCTION_KEY = /^F\d+$/

export function comboOf(press: KeyPress): string {
  const place = press.code.replace(/^Numpad(?=\d)/, 'Digit').replace('NumpadEnter', 'Enter')
  return [
    press.ctrlKey || press.metaKey ? 'Ctrl+' : '',
    press.altKey ? 'Alt+' : '',
    press.shiftKey ? 'Shift+' : '',
    place,
  ].join('')
}

export function typesSomething(press: KeyPress): boolean {
  return !(press.ctrlKey || press.metaKey || press.altKey) && !FUNCTION_KEY.test(press.code) && press.code !== 'Escape'
}

export interface Keyboard {
  bind: (bindings: Bindings) => () => void
  /** True when somebody took the key. */
  press: (event: KeyPress, typing: boolean, at: number) => boolean
}

export function createKeyboard(): Keyboard {
  const stack: Bindings[] = []
  let prefix: { combo: string; at: number } | null = null

  const offer = (name: string, event: KeyPress): boolean =>
    stack.toReversed().some((bindings) => {
      const handler = bindings[name]
      return handler !== undefined && handler(event) !== false
    })

  const startsSequence = (combo: string): boolean =>
    stack.some((bindings) => Object.keys(bindings).some((name) => name.startsWith(`${combo} `)))

  return {
    bind(bindings) {
      stack.push(bindings)
      return () => {
        const index = stack.indexOf(bindings)
        if (index >= 0) stack.splice(index, 1)
      }
    },
    press(event, typing, at) {
      const before = prefix
      prefix = null
      if (typing && typesSomething(event)) return false
      const combo = comboOf(event)
      if (before && at - before.at <= SEQUENCE_MS && offer(`${before.combo} ${combo}`, event)) return true
      if (startsSequence(combo)) {
        prefix = { combo, at }
        return false
      }
      return (event.key === '?' && offer('?', event)) || offer(combo, event)
    },
  }
}

const FIELDS = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]'
const OWN_KEYS = '[role=dialog], [role=menu], [role=listbox]'

/** Whether keys go into a text, or to something that has keys of its own. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && (target.closest(FIELDS) ?? target.closest(OWN_KEYS)) !== null
}

/** The text field the keyboard is in, if it is in one that has no keys of its own around it. */
export function plainField(): HTMLElement | null {
  const at = document.activeElement
  return at instanceof HTMLElement && at.closest(FIELDS) && !at.closest(OWN_KEYS) ? at : null
}

const keyboard = createKeyboard()

export function startKeyboard(): void {
  window.addEventListener('keydown', (event) => {
    if (event.isComposing || event.repeat) return
    if (keyboard.press(event, isTyping(event.target), event.timeStamp)) event.preventDefault()
  })
}

/** Binds while the component is on the screen; the newest component is asked first. */
export function useKeys(bindings: Bindings): void {
  let release: () => void = () => undefined
  onMounted(() => {
    release = keyboard.bind(bindings)
  })
  onBeforeUnmount(() => release())
}

interface KeyboardLayout {
  get: (code: string) => string | undefined
}

const NAMES: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  Slash: '/',
  BracketRight: ']',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

/** What is printed on the caps: `Ctrl+KeyK` → ['Ctrl', 'K'], in the active layout where the browser tells it. */
export function capsOf(binding: string, layout: KeyboardLayout | null): string[] {
  return binding.split(/[+ ]/).map((part) => {
    if (NAMES[part]) return NAMES[part]
    if (part.startsWith('Digit')) return part.slice(5)
    if (part.startsWith('Key')) return (layout?.get(part) ?? part.slice(3)).toUpperCase()
    return part
  })
}

export async function readLayout(): Promise<KeyboardLayout | null> {
  const chromium = navigator as Navigator & { keyboard?: { getLayoutMap?: () => Promise<KeyboardLayout> } }
  try {
    return (await chromium.keyboard?.getLayoutMap?.()) ?? null
  } catch {
    return null // refused by a permissions policy: the Latin letters are right often enough
  }
}
