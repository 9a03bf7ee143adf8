/** Numbers, times and durations in the language and zone of the screen. */
import type { Money } from '@/api/types'
import { locale, t } from '@/i18n'
import { useSession } from '@/stores/session'
import { now } from './clock'
import { DAY_S, HOUR_S, MINUTE_S, dateFormat, dayMoment, daysBetween, durationParts, wallClock } from './time'

type Moment = string | number
const DAY_H = DAY_S / HOUR_S
const moment = (at: Moment): number => (typeof at === 'number' ? at : Date.parse(at))

export interface Formats {
  duration: (seconds: number) => string
  /** For the ear: «12 минут 5 секунд». */
  spokenDuration: (seconds: number) => string
  /** Time passed since a moment, ticking when read inside a template. */
  since: (at: Moment) => string
  time: (at: Moment, zone?: string) => string
  /** «сегодня», «завтра», «4 ноя», «4 ноя 2024». */
  day: (at: Moment) => string
  /** Weekday, day and month in full, for headings. */
  longDay: (at: Moment) => string
  /** «17:47» today, «завтра, 10:00», «4 ноя, 04:10». */
  dayTime: (at: Moment) => string
  /** The same inside a sentence: «в 17:47», «завтра, 10:00». */
  atTime: (at: Moment) => string
  /** Day and time on the clocks of another place: «4 ноя, 04:10». */
  dateTime: (at: Moment, zone: string) => string
  /** `YYYY-MM-DD` without a zone: «26 окт». */
  date: (day: string) => string
  dates: (from: string, to: string) => string
  /** «на 9 мин» after the deadline, «через 13 мин» before it, days beyond that. */
  due: (at: Moment) => string
  /** How late, in minutes, hours or days: seconds say nothing about a promise. */
  lateness: (seconds: number) => string
  number: (value: number) => string
  percent: (share: number) => string
  money: (value: Money) => string
}

/** Beyond two days minutes say nothing: «2 дня 16 ч». */
function longDuration(hours: number): string {
  const [days, rest] = [Math.floor(hours / DAY_H), hours % DAY_H]
  return [t('time.days', days), ...(rest === 0 ? [] : [t('time.hours', { h: rest })])].join('\u00a0')
}

export function useFormats(): Formats {
  const session = useSession()
  const zone = (): string => session.timezone

  const duration = (seconds: number): string => {
    const parts = durationParts(seconds)
    if (parts.form === 'clock') return parts.text
    if (parts.form === 'minutes') return t('time.minutes', { n: parts.minutes })
    if (parts.hours >= 2 * DAY_H) return longDuration(parts.hours)
    return parts.minutes === 0
      ? t('time.hours', { h: parts.hours })
      : t('time.hours_minutes', { h: parts.hours, m: parts.minutes })
  }

  const spokenDuration = (seconds: number): string => {
    const minutes = Math.floor(seconds / MINUTE_S)
    const rest = Math.floor(seconds % MINUTE_S)
    const words = [
      minutes > 0 ? t('time.spoken_minutes', minutes) : '',
      minutes < 10 && (rest > 0 || minutes === 0) ? t('time.spoken_seconds', rest) : '',
    ]
    return words.filter(Boolean).join(' ')
  }

  const time = (at: Moment, inZone = zone()): string =>
    dateFormat(locale.value, { timeZone: inZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(moment(at))

  const monthDay = (at: number, inZone: string): string => {
    const { year, month, day: dayOfMonth } = wallClock(at, inZone)
    const words = [dayOfMonth, t(`time.month.${month}`)]
    return [...words, ...(year === wallClock(now.value, inZone).year ? [] : [year])].join('\u00a0')
  }

  const day = (at: Moment): string => {
    const days = daysBetween(now.value, moment(at), zone())
    if (days === 0) return t('time.today')
    if (days === 1) return t('time.tomorrow')
    if (days === -1) return t('time.yesterday')
    return monthDay(moment(at), zone())
  }

  const lateness = (seconds: number): string => {
    if (seconds < 2 * HOUR_S) return t('time.minutes', { n: Math.floor(seconds / MINUTE_S) })
    if (seconds < 2 * DAY_S) return t('time.hours', { h: Math.floor(seconds / HOUR_S) })
    return t('time.days', Math.floor(seconds / DAY_S))
  }

  const due = (at: Moment): string => {
    const ahead = moment(at) - now.value
    if (ahead <= 0) return t('time.late_by', { duration: lateness(-ahead / 1000) })
    if (daysBetween(now.value, moment(at), zone()) > 0 && ahead >= HOUR_S * 1000) return day(at)
    const minutes = Math.ceil(ahead / 1000 / MINUTE_S)
    return t('time.in', {
      duration: ahead < 2 * HOUR_S * 1000 ? t('time.minutes', { n: minutes }) : t('time.hours', { h: Math.round(minutes / 60) }),
    })
  }

  return {
    duration,
    spokenDuration,
    since: (at) => duration((now.value - moment(at)) / 1000),
    time,
    day,
    longDay: (at) =>
      dateFormat(locale.value, { timeZone: zone(), weekday: 'long', day: 'numeric', month: 'long' }).format(moment(at)),
    dayTime: (at) =>
      daysBetween(now.value, moment(at), zone()) === 0 ? time(at) : t('time.day_time', { day: day(at), time: time(at) }),
    atTime: (at) =>
      daysBetween(now.value, moment(at), zone()) === 0
        ? t('time.at', { time: time(at) })
        : t('time.day_time', { day: day(at), time: time(at) }),
    dateTime: (at, inZone) => t('time.day_time', { day: monthDay(moment(at), inZone), time: time(at, inZone) }),
    date: (value) => monthDay(dayMoment(value), 'UTC'),
    dates: (from, to) => [...new Set([from, to])].map((day) => monthDay(dayMoment(day), 'UTC')).join(' – '),
    due,
    lateness,
    number: (value) => new Intl.NumberFormat(locale.value).format(value),
    percent: (share) => new Intl.NumberFormat(locale.value, { style: 'percent' }).format(share),
    money: (value) =>
      new Intl.NumberFormat(locale.value, {
        style: 'currency',
        currency: value.currency,
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: 0,
        maximumFractionDigits: 2,
      }).format(Number(value.amount)),
  }
}
