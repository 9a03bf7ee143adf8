/** When somebody is there, said on the company's clock; the zone is named where the visitor's clock shows another time. */
import type { Hours } from './wire'
import type { Language, Words } from './words'

const DAY_MS = 86_400_000

export function sayHours(hours: Hours, language: Language, words: Words, now = new Date()): string {
  if (hours.open) {
    return hours.until ? words('hereUntil', { time: clock(hours.until, hours.zone, language) }) : words('hereAlways')
  }
  if (!hours.opens) return words('away')
  const time = clock(hours.opens, hours.zone, language)
  const away = daysBetween(now, new Date(hours.opens), hours.zone)
  if (away === 0) return words('opensToday', { time })
  if (away === 1) return words('opensTomorrow', { time })
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', timeZone: hours.zone })
  return words('opensOn', { day: day.format(new Date(hours.opens)), time })
}

/** By midnights of the company. */
export function daysBetween(from: Date, to: Date, zone?: string): number {
  return Math.round((midnight(to, zone) - midnight(from, zone)) / DAY_MS)
}

function midnight(moment: Date, zone?: string): number {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return Date.parse(day.format(moment))
}

function clock(iso: string, zone: string, language: Language): string {
  const moment = new Date(iso)
  const shown = (timeZone?: string, named?: 'short'): string =>
    new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false, timeZone, timeZoneName: named })
      .format(moment)
  return shown(zone) === shown() ? shown(zone) : shown(zone, 'short')
}
