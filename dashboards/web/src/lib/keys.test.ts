import { describe, expect, it, vi } from 'vitest'
import { type KeyPress, capsOf, comboOf, createKeyboard } from './keys'

const press = (code: string, more: Partial<KeyPress> = {}): KeyPress => ({
  code,
  key: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

describe('keys are places, not letters', () => {
  it('works on the Russian layout', () => {
    const keyboard = createKeyboard()
    const find = vi.fn()
    keyboard.bind({ 'Ctrl+KeyK': find })

    keyboard.press(press('KeyK', { key: 'л', ctrlKey: true }), true, 0)

    expect(find).toHaveBeenCalledOnce()
  })

  it('takes digits of either block, and Cmd for Ctrl', () => {
    expect(comboOf(press('Numpad3'))).toBe('Digit3')
    expect(comboOf(press('NumpadEnter', { metaKey: true }))).toBe('Ctrl+Enter')
  })

  it('finds the question mark wherever the layout keeps it', () => {
    const keyboard = createKeyboard()
    const help = vi.fn()
    keyboard.bind({ '?': help })

    keyboard.press(press('Digit7', { key: '?', shiftKey: true }), false, 0)

    expect(help).toHaveBeenCalledOnce()
  })

  it('prints the caps of the active layout', () => {
    expect(capsOf('Ctrl+KeyK', null)).toEqual(['Ctrl', 'K'])
    expect(capsOf('KeyJ', new Map([['KeyJ', 'о']]))).toEqual(['О'])
    expect(capsOf('KeyG KeyT', null)).toEqual(['G', 'T'])
  })
})

describe('while somebody types', () => {
  it('digits are text, function keys still answer', () => {
    const keyboard = createKeyboard()
    const outcome = vi.fn()
    const answer = vi.fn()
    keyboard.bind({ Digit2: outcome, F2: answer })

    expect(keyboard.press(press('Digit2'), true, 0)).toBe(false)
    expect(keyboard.press(press('F2'), true, 1)).toBe(true)

    expect(outcome).not.toHaveBeenCalled()
    expect(answer).toHaveBeenCalledOnce()
  })
})

describe('who gets a key', () => {
  it('the newest is asked first and may leave it to the older', () => {
    const keyboard = createKeyboard()
    const older = vi.fn()
    keyboard.bind({ Escape: older })
    const release = keyboard.bind({ Escape: () => false })

    keyboard.press(press('Escape'), false, 0)
    release()
    keyboard.press(press('Escape'), false, 1)

    expect(older).toHaveBeenCalledTimes(2)
  })

  it('two keys one after the other, within a second', () => {
    const keyboard = createKeyboard()
    const today = vi.fn()
    keyboard.bind({ 'KeyG KeyT': today })

    keyboard.press(press('KeyG'), false, 0)
    keyboard.press(press('KeyT'), false, 500)
    keyboard.press(press('KeyG'), false, 5000)
    keyboard.press(press('KeyT'), false, 6500)

    expect(today).toHaveBeenCalledOnce()
  })
})
