/** What was said, as rows that stay the same elements while their state changes: readers of the screen hear each once. */
import type { Chat, Line } from './chat'
import { el, icon, linked } from './dom'
import { daysBetween } from './hours'
import { isPicture, picture } from './picture'
import type { ChatFile } from './wire'
import type { Language, Word, Words } from './words'

const CLOSE_MS = 5 * 60_000

interface Row {
  element: HTMLElement
  day: HTMLElement
  head: HTMLElement
  foot: HTMLElement
  text: string
}

export class Lines {
  readonly element: HTMLElement
  private readonly rows = new Map<string, Row>()

  constructor(
    private readonly chat: Chat,
    private readonly words: Words,
    private readonly language: Language,
  ) {
    this.element = el('div', { class: 'lines', role: 'log', 'aria-live': 'polite' })
  }

  render(): void {
    const lines = this.chat.lines
    const last = lines.findLast((line) => line.state !== null && line.state !== 'failed')
    const shown = new Set<string>()
    let before: Line | null = null
    let place: Element | null = this.element.firstElementChild
    for (const line of lines) {
      const row = this.rowOf(line)
      shown.add(line.key)
      this.update(row, line, before, line === last)
      if (row.element !== place) this.element.insertBefore(row.element, place)
      place = row.element.nextElementSibling
      before = line
    }
    for (const [key, row] of this.rows) {
      if (shown.has(key)) continue
      row.element.remove()
      this.rows.delete(key)
    }
  }

  private rowOf(line: Line): Row {
    const known = this.rows.get(line.key)
    if (known) return known
    const day = el('div', { class: 'day' })
    const head = el('div', { class: 'head' })
    const foot = el('div', { class: 'foot' })
    const element = el('div', { class: line.message.mine ? 'line mine' : 'line' }, day, head, foot)
    const row = { element, day, head, foot, text: '\0' }
    this.rows.set(line.key, row)
    return row
  }

  private update(row: Row, line: Line, before: Line | null, isLast: boolean): void {
    const { message } = line
    const content = JSON.stringify([message.text, message.files])
    if (row.text !== content) {
      row.text = content
      row.element.querySelectorAll('.bubble').forEach((bubble) => bubble.remove())
      row.foot.before(...this.bubbles(line))
    }
    const begins = before === null || daysBetween(new Date(before.message.at), new Date(message.at)) !== 0
    put(row.day, begins ? this.day(message.at) : '')
    put(row.head, begins || !follows(before, line) ? this.who(line) : '')
    put(row.foot, this.state(line, isLast))
    row.element.classList.toggle('unsent', line.state === 'sending' || line.state === 'waiting')
    row.element.classList.toggle('failed', line.state === 'failed')
    const again = row.element.querySelector('.again')
    if (line.state === 'failed' && message.files.length > 0) {
      if (!again) row.foot.after(this.again(line.key))
    } else again?.remove()
  }

  private bubbles(line: Line): Node[] {
    const { message } = line
    const files = message.files.map((file) =>
      isPicture(file) ? el('div', { class: 'bubble pictured' }, this.picture(file)) : el('div', { class: 'bubble' }, this.file(file)),
    )
    return message.text ? [el('div', { class: 'bubble' }, ...linked(message.text)), ...files] : files
  }

  private file(file: ChatFile): Node {
    const about = file.size > 0 ? this.size(file.size) : ''
    const label = [icon('file'), el('span', {}, file.name), el('small', {}, about)]
    if (!file.id) return el('span', { class: 'file' }, ...label)
    return el('button', { class: 'file', type: 'button', click: () => void this.save(file) }, ...label)
  }

  private picture(file: ChatFile): Node {
    return picture(file, {
      fetch: () => this.chat.link.fetchFile(file.id),
      save: () => void this.save(file),
      otherwise: () => this.file(file),
    })
  }

  private async save(file: ChatFile): Promise<void> {
    const data = await this.chat.link.fetchFile(file.id)
    if (data === null) return
    const address = URL.createObjectURL(data)
    el('a', { href: address, download: file.name }).click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  }

  private again(key: string): Node {
    const click = (): void => this.chat.retryFile(key)
    return el('button', { class: 'again', type: 'button', click }, this.words('retry'))
  }

  private who(line: Line): string {
    const { message } = line
    const name = message.mine ? '' : (message.author ?? this.words('us'))
    const time = new Intl.DateTimeFormat(this.language, { hour: '2-digit', minute: '2-digit', hour12: false })
    return [name, time.format(new Date(message.at))].filter(Boolean).join(' · ')
  }

  private state(line: Line, isLast: boolean): string {
    if (line.state === null || !(isLast || line.state === 'failed')) return ''
    return this.words(line.state satisfies Word)
  }

  private day(at: string): string {
    const ago = daysBetween(new Date(at), new Date())
    if (ago === 0) return this.words('today')
    if (ago === 1) return this.words('yesterday')
    return new Intl.DateTimeFormat(this.language, { day: 'numeric', month: 'long' }).format(new Date(at))
  }

  private size(bytes: number): string {
    const unit = bytes < 1_048_576 ? 'kilobyte' : 'megabyte'
    const value = bytes < 1_048_576 ? Math.max(1, Math.round(bytes / 1024)) : bytes / 1_048_576
    const format = { style: 'unit', unit, maximumFractionDigits: 1 } as const
    return new Intl.NumberFormat(this.language, format).format(value)
  }
}

function follows(before: Line | null, line: Line): boolean {
  if (before === null || before.message.mine !== line.message.mine) return false
  const apart = Date.parse(line.message.at) - Date.parse(before.message.at)
  return before.message.author === line.message.author && apart < CLOSE_MS
}

/** Untouched when nothing changed: what is announced is only what is new. */
function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
  element.hidden = text === ''
}
