/** What goes with a card when two become one, or come apart again. */
import { t } from '@/i18n'

export const movesInWords = (moves: Readonly<Record<string, number>>): string[] =>
  Object.entries(moves).flatMap(([kind, count]) => (count > 0 ? [t(`client.merge.moves.${kind}`, count)] : []))

export const fieldsInWords = (fields: readonly string[]): string => fields.map((field) => t(`client.merge.field.${field}`)).join(', ')
