/** What was looked for and not found is the beginning of a new client. Pure. */

export interface NewClient {
  name: string
  phone: string
  email: string
}

const NUMBER = /^[\d\s()+-]+$/

export function startOf(asked: string): NewClient {
  const text = asked.trim()
  if (text.includes('@')) return { name: '', phone: '', email: text }
  if (text !== '' && NUMBER.test(text)) return { name: '', phone: text, email: '' }
  return { name: text, phone: '', email: '' }
}
