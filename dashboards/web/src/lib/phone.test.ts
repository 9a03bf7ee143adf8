import { describe, expect, it } from 'vitest'
import { countryOf, groupNumber, maskNumber } from './phone'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

describe('a number on the screen', () => {
  it('is grouped as people say it', () => {
    expect(plain(groupNumber('+77011234567'))).toBe('+7 701 123 45 67')
  })

  it('keeps its middle to itself', () => {
    expect(plain(maskNumber('+77011234567'))).toBe('+7 701 ··· 45 67')
    expect(plain(maskNumber('+8613912345678'))).toBe('+86 ··· 56 78')
  })

  it('is left as it is when it is an extension or a word', () => {
    expect(maskNumber('1001')).toBe('1001')
    expect(groupNumber('anonymous')).toBe('anonymous')
  })

  it('tells Kazakhstan from Russia', () => {
    expect(countryOf('+77011234567')?.code).toBe('KZ')
    expect(countryOf('+79161234567')?.code).toBe('RU')
    expect(countryOf('1001')).toBeNull()
  })

  it('leaves a number alone that the server has masked', () => {
    expect(maskNumber('+7 701 ··· 45 67')).toBe(maskNumber('+77011234567'))
  })
})
