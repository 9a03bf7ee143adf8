/** "Call me back", and "answer me there": a few fields, and an honest word about what became of them. */
import type { Chat } from './chat'
import { el } from './dom'
import type { Wish } from './wire'
import { refusal, type Word, type Words } from './words'

export type Kind = 'call' | 'leave'

export function wishForm(kind: Kind, chat: Chat, words: Words, done: () => void): HTMLFormElement {
  const name = field(words, 'name', { autocomplete: 'name', maxlength: '300' })
  const phone = field(words, 'phone', { type: 'tel', autocomplete: 'tel', maxlength: '60', required: kind === 'call' })
  const email = field(words, 'email', { type: 'email', autocomplete: 'email', maxlength: '300' })
  const moment = field(words, 'atTime', { type: 'datetime-local' })
  const when = el('select', { id: 'when' }, ...choices(chat, words))
  const note = el('textarea', { id: 'note', rows: '3', maxlength: '4000' })
  const said = el('p', { class: 'said', role: 'status' })
  const button = el('button', { class: 'main', type: 'submit' }, words(kind === 'call' ? 'ask' : 'leave'))
  const chooses = (): void => {
    moment.label.hidden = when.value !== 'at'
    moment.input.required = when.value === 'at'
  }
  when.addEventListener('change', chooses)
  chooses()

  const call = kind === 'call' ? [labelled(words('when'), when), moment.label] : []
  const reach = kind === 'leave' ? [email.label] : []
  const form = el('form', { class: 'wish' }, name.label, phone.label, ...reach, ...call, labelled(words('note'), note), said, button)

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const called = when.value === 'at' ? moment.input.value : when.value
    const wish: Wish = {
      ...told('name', name.input.value),
      ...told('phone', phone.input.value),
      ...told('email', email.input.value),
      ...told('note', note.value),
      ...(kind === 'call' ? { call: called } : {}),
    }
    button.disabled = true
    said.textContent = ''
    void chat.wish(wish).then((problem) => {
      button.disabled = false
      if (problem === null || problem === 'kept') {
        form.replaceChildren(said, el('button', { class: 'main', type: 'button', click: done }, words('back')))
        said.textContent = words(problem === 'kept' ? 'wishWaits' : kind === 'call' ? 'callNoted' : 'leaveNoted')
      } else said.textContent = refusal(words, problem.code)
    })
  })
  return form
}

function choices(chat: Chat, words: Words): HTMLOptionElement[] {
  const opens = chat.hours && !chat.hours.open ? chat.hours.opens : null
  const first = opens ? el('option', { value: opens }, words('whenOpen')) : el('option', { value: 'now' }, words('soon'))
  return [first, el('option', { value: 'at' }, words('at'))]
}

function field(
  words: Words,
  word: Word,
  attributes: Record<string, string | boolean>,
): { input: HTMLInputElement; label: HTMLLabelElement } {
  const input = el('input', { id: word, ...attributes })
  return { input, label: labelled(words(word), input) }
}

function labelled(text: string, control: HTMLElement): HTMLLabelElement {
  return el('label', { for: control.id }, el('span', {}, text), control)
}

const told = (name: string, value: string): Record<string, string> => (value.trim() ? { [name]: value.trim() } : {})
