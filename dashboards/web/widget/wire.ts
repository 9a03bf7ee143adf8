/** What the server says and hears. */

export interface Hours {
  open: boolean
  until: string | null
  opens: string | null
  zone: string
}

export interface Config {
  hours: Hours
  file_bytes: number
}

export interface ChatFile {
  id: string
  name: string
  type: string
  size: number
}

export interface Message {
  id: string
  key: string | null
  mine: boolean
  author: string | null
  text: string
  files: ChatFile[]
  at: string
  state: string
  version: number
}

export interface Entered {
  status: 'here'
  hours: Hours
  messages: Message[]
  more: boolean
  read_until: string | null
}

export interface Stored {
  status: 'stored'
  id: string
  at: string
}

export interface Problem {
  status: number
  code: string
}

export interface Wish {
  name?: string
  phone?: string
  email?: string
  note?: string
  call?: string
}

export const isProblem = (answer: unknown): answer is Problem =>
  typeof answer === 'object' && answer !== null && 'code' in answer

/** Longer messages the server does not take. */
export const LONGEST_TEXT = 4000
