/** What is typed in a group, and the link that adds a bot to one. Pure. */
import type { TelegramBot, TelegramGroup } from '@/api/telegram'

const HALF = 4

/** `/trip@bot ABCD-EFGH`: in a group with several bots, and with Telegram's privacy mode on, only a named one hears it. */
export const commandFor = (bot: TelegramBot, code: string): string =>
  `/trip${bot.address ?? ''} ${code.slice(0, HALF)}-${code.slice(HALF)}`

/** Telegram asks to which group the bot is to be added, and says the code there by itself. */
export const addingLink = (bot: TelegramBot, code: string): string | null =>
  bot.address ? `https://t.me/${encodeURIComponent(bot.address.slice(1))}?startgroup=${encodeURIComponent(code)}` : null

export type GroupState = 'unbound' | 'bound' | 'gone'
export const stateOf = ({ trip_id: trip, gone_at: gone }: TelegramGroup): GroupState => (gone ? 'gone' : trip ? 'bound' : 'unbound')
