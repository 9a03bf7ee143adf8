/** Two languages, one at a time: the catalogue of the other is loaded when it is asked for. */
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import type { Locale } from '@/api/types'

export const LOCALES: readonly Locale[] = ['ru', 'en']
export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale)

const catalogues = {
  ru: () => import('virtual:messages/ru'),
  en: () => import('virtual:messages/en'),
} as const

type PluralRule = (count: number, choices: number) => number

/**
 * Which of the forms of a text a number takes, by the rules of ICU.
 *
 * Russian texts have three forms, «минута | минуты | минут»; a fraction takes the second («1,5 минуты»).
 */
export function pluralRule(locale: Locale): PluralRule {
  const rules = new Intl.PluralRules(locale)
  const order: readonly Intl.LDMLPluralRule[] = locale === 'ru' ? ['one', 'few', 'many'] : ['one', 'other']
  const fractions = 1
  return (count, choices) => {
    const form = order.indexOf(rules.select(count))
    return Math.min(form < 0 ? fractions : form, choices - 1)
  }
}

export const i18n = createI18n({
  legacy: false,
  locale: 'ru',
  fallbackLocale: false,
  missingWarn: false,
  fallbackWarn: false,
  pluralRules: { ru: pluralRule('ru'), en: pluralRule('en') },
})

/** A text of the catalogue; read inside a template or a computed it follows the language. */
export const { t, te } = i18n.global

/** The language of the screen. */
export const locale = computed(() => i18n.global.locale.value as Locale)

const loaded = new Set<Locale>()

export async function useLocale(wanted: Locale): Promise<void> {
  if (!loaded.has(wanted)) {
    const catalogue = await catalogues[wanted]()
    i18n.global.setLocaleMessage(wanted, catalogue.default)
    loaded.add(wanted)
  }
  i18n.global.locale.value = wanted
  document.documentElement.lang = wanted
}
