/** The button in the corner and what it opens. */
import type { Chat } from './chat'
import { el, icon } from './dom'
import { sayHours } from './hours'
import { Lines } from './lines'
import type { Memory } from './memory'
import { wishForm, type Kind } from './wishForm'
import { LONGEST_TEXT, type Hours } from './wire'
import { refusal, type Language, type Words } from './words'

export class Panel {
  readonly element: HTMLElement
  private readonly bubble: HTMLButtonElement
  private readonly badge = el('span', { class: 'badge', hidden: true })
  private readonly window: HTMLElement
  private readonly hours = el('p', { class: 'hours' })
  private readonly note = el('p', { class: 'note', role: 'status', hidden: true })
  private readonly typing = el('p', { class: 'typing', role: 'status', hidden: true })
  private readonly away: HTMLElement
  private readonly more: HTMLButtonElement
  private readonly scroller: HTMLElement
  private readonly lines: Lines
  private readonly input: HTMLTextAreaElement
  private readonly talk: HTMLElement
  private readonly back: HTMLButtonElement
  private readonly title: HTMLElement
  private form: HTMLElement | null = null
  private atEnd = true

  constructor(
    private readonly chat: Chat,
    private readonly memory: Memory,
    private readonly words: Words,
    private readonly language: Language,
    private readonly fileBytes: number,
    private readonly firstHours: Hours,
    private readonly opened: () => void,
  ) {
    this.lines = new Lines(chat, words, language)
    this.bubble = el('button', { class: 'bubble-open', type: 'button', 'aria-expanded': 'false', click: () => this.toggle() })
    this.bubble.append(icon('chat'), this.badge)
    this.more = el('button', { class: 'earlier', type: 'button', hidden: true, click: () => void chat.earlier() }, words('earlier'))
    const leave = el('button', { class: 'second', type: 'button', click: () => this.show('leave') }, words('leaveContacts'))
    this.away = el('div', { class: 'away', hidden: true }, el('p', {}, words('awayNote')), leave)
    const hello = el('p', { class: 'hello' }, words('hello'))
    this.scroller = el('div', { class: 'scroller' }, this.more, hello, this.lines.element, this.away, this.typing)
    this.input = el('textarea', { rows: '1', placeholder: words('write'), 'aria-label': words('write'), maxlength: String(LONGEST_TEXT) })
    this.talk = el('div', { class: 'talk' }, this.scroller, this.note, this.writing())
    this.back = this.button('back', 'back', () => this.show(null))
    this.back.hidden = true
    this.title = el('h2', { id: 'perezvon-title' }, words('title'))
    const title = el('div', { class: 'title' }, this.title, this.hours)
    const call = this.button('phone', 'callMe', () => this.show('call'))
    const close = this.button('close', 'close', () => this.close())
    this.window = el(
      'section',
      { class: 'window', role: 'dialog', 'aria-labelledby': 'perezvon-title', hidden: true },
      el('header', {}, this.back, title, call, close),
      this.talk,
    )
    this.element = el('div', { class: 'perezvon', lang: language }, this.window, this.bubble)
    this.listen()
    this.render()
  }

  get isOpen(): boolean {
    return !this.window.hidden
  }

  open(focus = true): void {
    this.opened()
    this.memory.open = true
    this.window.hidden = false
    this.element.classList.add('is-open')
    this.render()
    this.scroller.scrollTop = this.scroller.scrollHeight
    if (focus) this.input.focus()
    this.look()
  }

  close(): void {
    this.memory.open = false
    this.window.hidden = true
    this.element.classList.remove('is-open')
    this.render()
    this.bubble.focus()
    this.look()
  }

  render(): void {
    const { chat, words } = this
    const hours = chat.hours ?? this.firstHours
    this.hours.textContent = sayHours(hours, this.language, words)
    this.hours.classList.toggle('closed', !hours.open)
    this.badge.textContent = String(chat.unread)
    this.badge.hidden = chat.unread === 0 || this.isOpen
    const label = chat.unread > 0 ? words('openUnread', { count: chat.unread }) : words('open')
    this.bubble.setAttribute('aria-label', this.isOpen ? words('close') : label)
    this.bubble.setAttribute('aria-expanded', String(this.isOpen))
    if (!this.isOpen) return
    this.lines.render()
    this.more.hidden = !chat.more
    this.typing.hidden = !chat.theyType
    this.typing.textContent = chat.theyType ? words('typing') : ''
    this.away.hidden = hours.open || chat.lines.every((line) => !line.message.mine)
    this.tellTrouble(chat.away ? words('offline') : this.wishFate())
    if (this.atEnd) this.scroller.scrollTop = this.scroller.scrollHeight
  }

  private wishFate(): string {
    const { wishFate } = this.chat
    if (wishFate === null) return ''
    return wishFate === 'noted' ? this.words('wishNoted') : `${this.words('wishRefused')} ${refusal(this.words, wishFate.code)}`
  }

  private toggle(): void {
    if (this.isOpen) this.close()
    else this.open()
  }

  private show(kind: Kind | null): void {
    this.form?.remove()
    this.form = kind && wishForm(kind, this.chat, this.words, () => this.show(null))
    this.title.textContent = this.words(kind === 'call' ? 'callMe' : kind === 'leave' ? 'leaveContacts' : 'title')
    this.talk.hidden = kind !== null
    this.back.hidden = kind === null
    if (this.form) {
      this.window.append(this.form)
      this.form.querySelector('input')?.focus()
    } else this.input.focus()
  }

  private writing(): HTMLElement {
    const files = el('input', { type: 'file', multiple: true, hidden: true })
    files.addEventListener('change', () => {
      this.attach([...(files.files ?? [])])
      files.value = ''
    })
    const attach = this.button('clip', 'attach', () => files.click())
    const send = this.button('send', 'send', () => this.send())
    send.classList.add('go')
    return el('div', { class: 'writing' }, attach, files, this.input, send)
  }

  private attach(files: File[]): void {
    const fitting = files.filter((file) => file.size <= this.fileBytes)
    if (fitting.length < files.length) {
      this.tellTrouble(this.words('tooLarge', { limit: Math.round(this.fileBytes / 1_048_576) }))
    }
    this.atEnd = true
    this.chat.sendFiles(fitting)
  }

  private send(): void {
    const text = this.input.value.trim()
    if (!text) return
    this.input.value = ''
    this.memory.draft = ''
    this.grow()
    this.atEnd = true
    this.chat.say(text)
    this.input.focus()
  }

  private listen(): void {
    this.input.value = this.memory.draft
    this.input.addEventListener('input', () => {
      this.memory.draft = this.input.value
      this.grow()
      if (this.input.value) this.chat.typing()
    })
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.send()
    })
    // The page's own shortcuts must not take what is typed here.
    for (const name of ['keydown', 'keyup', 'keypress']) {
      this.window.addEventListener(name, (event) => event.stopPropagation())
    }
    this.window.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      if (this.form) this.show(null)
      else this.close()
    })
    this.scroller.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller
      this.atEnd = scrollHeight - scrollTop - clientHeight < 40
    })
    document.addEventListener('visibilitychange', () => this.look())
  }

  private grow(): void {
    this.input.style.height = 'auto'
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`
  }

  private look(): void {
    this.chat.look(this.isOpen && document.visibilityState === 'visible')
  }

  private tellTrouble(text: string): void {
    if (this.note.textContent !== text) this.note.textContent = text
    this.note.hidden = text === ''
  }

  private button(drawn: Parameters<typeof icon>[0], word: Parameters<Words>[0], click: () => void): HTMLButtonElement {
    const label = this.words(word)
    const button = el('button', { class: 'icon', type: 'button', 'aria-label': label, title: label, click })
    button.append(icon(drawn))
    return button
  }
}
