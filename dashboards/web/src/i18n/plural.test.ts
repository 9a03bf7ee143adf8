import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'
import russian from 'virtual:messages/ru'
import { pluralRule } from '.'

describe('Russian plurals', () => {
  const rule = pluralRule('ru')
  const form = (count: number): string => ['минута', 'минуты', 'минут'][rule(count, 3)] ?? ''

  it.each([
    [1, 'минута'],
    [21, 'минута'],
    [101, 'минута'],
    [2, 'минуты'],
    [24, 'минуты'],
    [5, 'минут'],
    [11, 'минут'],
    [12, 'минут'],
    [0, 'минут'],
    [1.5, 'минуты'],
  ])('%d %s', (count, word) => {
    expect(form(count)).toBe(word)
  })

  it('are right in compiled texts too', () => {
    const i18n = createI18n({ legacy: false, locale: 'ru', pluralRules: { ru: rule } })
    i18n.global.setLocaleMessage('ru', russian)

    expect(i18n.global.t('time.spoken_minutes', 22)).toBe('22 минуты')
    expect(i18n.global.t('time.days', 5)).toBe('5\u00a0дней')
  })
})
