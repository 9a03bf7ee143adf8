/** Working hours: what is said of a week in a line, and what a day of a month looks like. Pure. */
import type { DayRule, OpenSpan, WorkCalendar, WorkDay } from '@/api/people'

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
const WORKDAYS = 5
const OFFICE: OpenSpan = { opens: '09:00', closes: '18:00' }

export interface OwnDay {
  day: string
  hours: OpenSpan[]
}

/** A calendar as it is being edited: days of its own as rows, in the order they were written. */
export interface CalendarForm {
  name: string
  zone: string
  country: 'KZ' | 'RU' | ''
  week: OpenSpan[][]
  days: OwnDay[]
}

const copied = (hours: readonly OpenSpan[]): OpenSpan[] => hours.map((span) => ({ ...span }))

export const newForm = (zone: string): CalendarForm => ({
  name: '',
  zone,
  country: '',
  week: WEEKDAYS.map((weekday) => (weekday <= WORKDAYS ? [{ ...OFFICE }] : [])),
  days: [],
})

export const formOf = (calendar: WorkCalendar): CalendarForm => ({
  name: calendar.name,
  zone: calendar.zone,
  country: calendar.country ?? '',
  week: calendar.week.map(copied),
  days: Object.entries(calendar.days)
    .map(([day, hours]) => ({ day, hours: copied(hours) }))
    .toSorted((a, b) => a.day.localeCompare(b.day)),
})

export const wireOf = (form: CalendarForm): Record<string, unknown> => ({
  name: form.name.trim(),
  zone: form.zone.trim(),
  country: form.country || null,
  week: form.week,
  days: Object.fromEntries(form.days.filter(({ day }) => day).map(({ day, hours }) => [day, hours])),
})

/** Another span after the last one, where there is still a day left. */
export function nextSpan(hours: readonly OpenSpan[]): OpenSpan {
  const last = hours.at(-1)
  if (!last) return { ...OFFICE }
  const begins = Math.min(23, Number(last.closes.slice(0, 2)) + 1)
  const padded = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`
  return { opens: padded(begins), closes: padded(begins + 1) }
}

/** «09:00–18:00»; midnight at the end reads as 24:00. */
export const spanText = ({ opens, closes }: OpenSpan): string => `${opens}–${closes === '00:00' ? '24:00' : closes}`
export const hoursText = (hours: readonly OpenSpan[]): string => hours.map(spanText).join(', ')

export interface WeekPart {
  /** 1 is Monday. */
  from: number
  to: number
  hours: string
}

/** Neighbouring days with the same hours are one part; closed days are none. */
export function weekParts(week: readonly OpenSpan[][]): WeekPart[] {
  const parts: WeekPart[] = []
  week.forEach((spans, index) => {
    const [weekday, hours] = [index + 1, hoursText(spans)]
    const last = parts.at(-1)
    if (hours === '') return
    if (last?.to === weekday - 1 && last.hours === hours) last.to = weekday
    else parts.push({ from: weekday, to: weekday, hours })
  })
  return parts
}

export interface MonthDay {
  day: string
  rule: DayRule
  hours: OpenSpan[]
}

/** What a day will be as the form stands; of holidays the server told. */
export function dayLook(day: string, form: CalendarForm, told: ReadonlyMap<string, WorkDay>): MonthDay {
  const own = form.days.find((one) => one.day === day)
  if (own) return { day, rule: 'own', hours: own.hours }
  const rule = told.get(day)?.rule
  if (form.country && rule === 'holiday') return { day, rule, hours: [] }
  if (form.country && rule === 'working_weekend') return { day, rule, hours: form.week[WORKDAYS - 1] ?? [] }
  return { day, rule: 'week', hours: form.week[weekdayOf(day) - 1] ?? [] }
}

/** 1 is Monday. */
export const weekdayOf = (day: string): number => ((new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7) + 1

export interface Month {
  year: number
  /** 1 is January. */
  month: number
  /** Empty places before the first day in a grid that begins with Monday. */
  lead: number
  days: string[]
}

/** Whole months from that of `today` on. */
export function monthsFrom(today: string, count: number): Month[] {
  const [year, month] = today.split('-').map(Number) as [number, number]
  return Array.from({ length: count }, (_, offset) => {
    const first = new Date(Date.UTC(year, month - 1 + offset, 1))
    const length = new Date(Date.UTC(year, month + offset, 0)).getUTCDate()
    const prefix = first.toISOString().slice(0, 8)
    const days = Array.from({ length }, (_unused, index) => prefix + String(index + 1).padStart(2, '0'))
    return { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, lead: weekdayOf(days[0] ?? '') - 1, days }
  })
}
