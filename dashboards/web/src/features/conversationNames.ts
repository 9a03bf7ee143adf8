/** What a conversation is called, and where it stands, in words. */
import type { Conversation, Message } from '@/api/conversations'
import { t } from '@/i18n'
import { maskNumber } from '@/lib/phone'
import { shortName } from '@/lib/names'
import type { IconName } from '@/ui/icons'
import type { Tone } from '@/ui/tones'

const readable = (address: string): string => (address.startsWith('+') ? maskNumber(address) : address)

/** The client, else what the writer calls themselves, else their address. */
export function nameOf(one: Conversation): string {
  if (one.client_name) return one.client_name
  if (one.caller_name) return one.caller_name
  if (one.channel === 'webchat' || !one.client_address) return t(`inbox.stranger.${one.channel}`)
  return readable(one.client_address)
}

/** Who wrote a message of ours. */
export const authorOf = (message: Message, me: string): string => {
  if (message.author_id === me) return t('inbox.you')
  return message.author_name ? shortName(message.author_name) : t('inbox.by_itself')
}

/** What it is about: what was said of it, else what the mail says. */
export const subjectOf = (one: Conversation): string => one.trip_title ?? one.deal_title ?? one.subject ?? ''

interface Mark {
  icon: IconName
  tone: Tone
}

/** How far one of ours has come. */
export const MARKS: Readonly<Record<Exclude<Message['state'], 'received'>, Mark>> = {
  pending: { icon: 'clock', tone: 'neutral' },
  sent: { icon: 'check', tone: 'neutral' },
  delivered: { icon: 'check-twice', tone: 'neutral' },
  read: { icon: 'check-twice', tone: 'ok' },
  bounced: { icon: 'warning', tone: 'late' },
  failed: { icon: 'warning', tone: 'late' },
  uncertain: { icon: 'warning', tone: 'due' },
}
