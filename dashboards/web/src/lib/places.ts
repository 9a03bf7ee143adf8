/** What may stand in a ready answer in double braces, and what of it is still unfilled in a text. Pure. */

/** As the server fills them. */
export const PLACES = ['client.name', 'client.first_name', 'agent.name', 'trip.title', 'trip.hotel', 'trip.starts_on'] as const
export type Place = (typeof PLACES)[number]

export interface Unfilled {
  name: Place
  start: number
  end: number
}

const ANY = new RegExp(`\\{\\{\\s*(${PLACES.join('|').replaceAll('.', '\\.')})\\s*\\}\\}`, 'g')

export const placeOf = (name: Place): string => `{{${name}}}`

export const unfilled = (text: string): Unfilled[] =>
  Array.from(text.matchAll(ANY), (found) => ({ name: found[1] as Place, start: found.index, end: found.index + found[0].length }))
