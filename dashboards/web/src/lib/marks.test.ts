import { describe, expect, it } from 'vitest'
import type { MarkKind, TextMark } from '@/api/conversations'
import { blocksOf } from './marks'

const mark = (kind: MarkKind, offset: number, length: number, address: string | null = null): TextMark => ({ kind, offset, length, address })
const told = (text: string, marks: TextMark[]) =>
  blocksOf(text, marks).map(({ kind, pieces }) => [kind, ...pieces.map((piece) => `${piece.text}|${Array.from(piece.kinds).join('+')}`)])

describe('a text with marks', () => {
  it('is cut where any of them begins or ends, however they overlap', () => {
    expect(told('one two three', [mark('bold', 0, 7), mark('italic', 4, 9)])).toEqual([['text', 'one |bold', 'two|bold+italic', ' three|italic']])
  })

  it('counts letters of two units as two', () => {
    expect(told('\u{1F600} tour', [mark('bold', 3, 4)])).toEqual([['text', '\u{1F600} |', 'tour|bold']])
  })

  it('sets quotes apart, without an empty line after them', () => {
    expect(told('a\nquote\nz', [mark('quote', 2, 5), mark('bold', 2, 2)])).toEqual([
      ['text', 'a\n|'],
      ['quote', 'qu|quote+bold', 'ote|quote'],
      ['text', 'z|'],
    ])
  })

  it('leads nowhere but to pages, mails and telephones, and loses no letter to forged marks', () => {
    for (const address of ['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', '//evil.example', 'x'])
      expect(blocksOf('site', [mark('link', 0, 4, address)])[0]?.pieces[0]?.address).toBeNull()
    expect(blocksOf('site', [mark('link', 0, 4, 'https://e.kz/')])[0]?.pieces[0]?.address).toBe('https://e.kz/')
    const forged = blocksOf('<b>tour</b>', [mark('bold', -5, 100), mark('italic', 3, 900), mark('code', 50, 1)])
    expect(forged.flatMap(({ pieces }) => pieces.map(({ text }) => text)).join('')).toBe('<b>tour</b>')
  })
})
