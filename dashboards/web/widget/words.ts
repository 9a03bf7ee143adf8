/** The widget's words, in the language of the page it stands on. */
import en from './texts/en.json'
import ru from './texts/ru.json'

export type Word = keyof typeof ru
export type Language = 'ru' | 'en'

/** Whose readers are better served in Russian than in English. */
const READ_RUSSIAN = new Set(['ru', 'kk', 'ky', 'uz', 'tg', 'be', 'uk', 'hy', 'az'])

export function languageOf(told: string | null | undefined): Language {
  const tag = (told || document.documentElement.lang || navigator.language || 'en').toLowerCase().split('-')[0] ?? 'en'
  return READ_RUSSIAN.has(tag) ? 'ru' : 'en'
}

export type Words = (word: Word, values?: Record<string, string | number>) => string

export function wordsIn(language: Language): Words {
  const texts: Record<Word, string> = language === 'ru' ? ru : en
  return (word, values = {}) => texts[word].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** The sentence for a refusal of the server; one that is not foreseen has a sentence of its own. */
export function refusal(words: Words, code: string): string {
  return code in ru ? words(code as Word) : words('other')
}
