/** An interaction as a row shows it. */
import type { Channel, Interaction } from '@/api/types'
import { t } from '@/i18n'
import type { IconName } from '@/ui/icons'
import { groupNumber, maskNumber } from './phone'

const CHANNEL_ICONS: Readonly<Record<Exclude<Channel, 'call'>, IconName>> = {
  email: 'mail',
  telegram: 'telegram',
  webchat: 'chat',
  webform: 'note',
  meeting: 'people',
}

/** Nobody of ours talked to the caller, who may be waiting to be called back. */
export function isLost(interaction: Interaction): boolean {
  return (
    interaction.channel === 'call' &&
    interaction.direction === 'inbound' &&
    interaction.state === 'closed' &&
    interaction.outcome !== 'answered' &&
    interaction.outcome !== null
  )
}

export function interactionIcon(interaction: Interaction): IconName {
  if (interaction.channel !== 'call') return CHANNEL_ICONS[interaction.channel]
  if (isLost(interaction)) return 'call-lost'
  return interaction.direction === 'outbound' ? 'call-out' : 'call-in'
}

/** «Звонок, входящий»; «Письмо». */
export function interactionTitle(interaction: Interaction): string {
  const channel = t(`common.channel.${interaction.channel}`)
  return interaction.channel === 'call' ? `${channel}, ${t(`common.direction.${interaction.direction}`)}` : channel
}

/** Who is at the other end, as far as is known: a name, else the masked number. */
export function partyName(interaction: Interaction): string {
  if (interaction.client_name) return interaction.client_name
  if (!interaction.client_address) return t('common.hidden_number')
  return maskNumber(interaction.client_address)
}

/** The name in the slot: an unknown caller is the whole number, because that is all there is. */
export function callerName(interaction: Interaction): string {
  if (interaction.client_name) return interaction.client_name
  return interaction.client_address ? groupNumber(interaction.client_address) : t('common.hidden_number')
}
