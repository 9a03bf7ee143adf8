/** What a lead is called on the screen: the client, the name they gave, or how they are reached. */
import type { Lead } from '@/api/leads'
import { t } from '@/i18n'
import { maskNumber } from '@/lib/phone'

export const leadAddress = (lead: Lead): string =>
  lead.address === null ? '' : lead.address.includes('@') ? lead.address : maskNumber(lead.address)

export const leadName = (lead: Lead): string => lead.client_name ?? lead.name ?? (leadAddress(lead) || t('leads.nameless'))
