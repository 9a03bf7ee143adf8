/**
 * A picture of the conversation in a box of one size, so that nothing jumps when it comes.
 *
 * It is drawn, and has no address: the page's policy has no say in it, and need not be loosened for us.
 */
import { el } from './dom'
import type { ChatFile } from './wire'

/** What every browser can draw; a drawing that is a document (SVG) stays a file. */
const DRAWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
/** Twice the box of the styles: sharp on dense screens. */
const WIDTH = 480
const HEIGHT = 360

export const isPicture = (file: ChatFile): boolean => file.id !== '' && DRAWN.has(file.type)

export interface Pictured {
  fetch: () => Promise<Blob | null>
  save: () => void
  /** In its place when it cannot be drawn. */
  otherwise: () => Node
}

/** Fetched when it comes into sight, and not before. */
export function picture(file: ChatFile, { fetch, save, otherwise }: Pictured): HTMLElement {
  const canvas = el('canvas', { role: 'img', 'aria-label': file.name, width: String(WIDTH), height: String(HEIGHT) })
  const button = el('button', { class: 'picture', type: 'button', title: file.name, click: save }, canvas)
  const show = async (): Promise<void> => {
    const data = await fetch()
    if (data === null || !(await draw(data, canvas))) button.replaceWith(otherwise())
  }
  const sight = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return
    sight.disconnect()
    void show()
  })
  sight.observe(button)
  return button
}

async function draw(data: Blob, canvas: HTMLCanvasElement): Promise<boolean> {
  try {
    const bitmap = await createImageBitmap(data)
    const scale = Math.min(WIDTH / bitmap.width, HEIGHT / bitmap.height, 2)
    const [width, height] = [bitmap.width * scale, bitmap.height * scale]
    canvas.getContext('2d')?.drawImage(bitmap, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height)
    bitmap.close()
    return true
  } catch {
    return false // it only says that it is a picture
  }
}
