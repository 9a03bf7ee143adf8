import { type ShallowRef, shallowRef } from 'vue'
import { readLayout } from '@/lib/keys'

type Layout = Awaited<ReturnType<typeof readLayout>>

const layout = shallowRef<Layout>(null)
let asked = false

/** The caps of the active layout, once the browser has told them. */
export function useKeyboardLayout(): Readonly<ShallowRef<Layout>> {
  if (!asked) {
    asked = true
    void readLayout().then((found) => {
      layout.value = found
    })
  }
  return layout
}
