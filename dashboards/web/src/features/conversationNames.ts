/** What a conversation is called, and where it stands, in words. */
import type { Conversation, Message, Trouble } from '@/api/conversations'
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

/** Why nothing of ours reaches the chat; empty while it does. */
export function unreachableWords({ channel, group, unreachable_at: since }: Conversation): string {
  if (since === null || channel !== 'telegram') return ''
  return t(group ? 'inbox.unreachable.group' : 'inbox.unreachable.person')
}

/** Of these the other side's own words say more than ours. */
const SAID_BY_OTHERS: ReadonlySet<Trouble> = new Set<Trouble>(['postponed', 'given_up', 'refused', 'bounced', 'no_answer', 'partly'])

/** Why one of ours has not left: in our words, and in those of the other side where they say more. */
export function troubleOf({ trouble_code: code, trouble }: Message): { ours: string; theirs: string } {
  if (code === null) return { ours: trouble ?? '', theirs: '' }
  return { ours: t(`inbox.trouble.${code}`), theirs: SAID_BY_OTHERS.has(code) ? (trouble ?? '') : '' }
}

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
