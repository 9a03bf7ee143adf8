/** What the rule editor works with: drafts of rules, and times as the sentence says them. */
import type { Policy, Rule } from '@/api/policies'
import { DAY_S, HOUR_S, MINUTE_S } from '@/lib/time'

export const UNITS = { seconds: 1, minutes: MINUTE_S, hours: HOUR_S, days: DAY_S } as const
export type Unit = keyof typeof UNITS

/** "72 hours" is how the rule is known; beyond that, days are days. */
const LONGEST_IN_HOURS = 72 * HOUR_S
const LARGEST_FIRST: readonly Unit[] = ['days', 'hours', 'minutes', 'seconds']

/** The largest unit in which it is a whole number. */
export function spanParts(seconds: number): { number: number; unit: Unit } {
  const unit =
    LARGEST_FIRST.find((one) => seconds >= UNITS[one] && seconds % UNITS[one] === 0 && !(one === 'days' && seconds <= LONGEST_IN_HOURS)) ??
    'seconds'
  return { number: seconds / UNITS[unit], unit }
}

export const GRACES = [5, 10, 15, 30].map((minutes) => minutes * MINUTE_S).concat([1, 2, 4, 24, 72].map((hours) => hours * HOUR_S))
export const WARNINGS = [2, 5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE_S)
export const COOLDOWNS = [1, 4, 24, 72].map((hours) => hours * HOUR_S).concat(7 * DAY_S)
export const TAKEOVERS = [1, 4, 24, 48, 72].map((hours) => hours * HOUR_S)
export const RETRIES = [10, 30, 60, 120].map((minutes) => minutes * MINUTE_S)
export const MOST_MOVES = 20
export const MOST_ATTEMPTS = 10
export const CLASSES = ['A', 'B', 'C'] as const
export const LEAD_STATES = ['new', 'in_work', 'offer', 'won', 'lost'] as const

/** How a new rule begins: the shipped one that moves. */
export const blank = (team: string | null): Rule => ({
  action: 'move',
  grace_s: 10 * MINUTE_S,
  warn_before_s: 10 * MINUTE_S,
  takeover_after_s: null,
  max_moves: 2,
  cooldown_s: DAY_S,
  working_time: false,
  team,
  service_class: null,
  lead_state: null,
  attempts: null,
  retry_after_s: null,
  enabled: true,
})

/** The rule without what is told of it; one that gives the right to take over says when in one place only. */
export function ruleOf(policy: Policy): Rule {
  const { name: _, version: __, sentence: ___, created_at: ____, by: _____, by_name: ______, ...rule } = policy
  return settled({ ...rule, grace_s: rule.action === 'unlock' ? (rule.takeover_after_s ?? rule.grace_s) : rule.grace_s })
}

/** Only what its action looks at: the rest would say what it does not do. */
export function settled(rule: Rule): Rule {
  const moves = rule.action === 'move'
  return {
    ...rule,
    max_moves: moves ? rule.max_moves : null,
    cooldown_s: moves ? (rule.cooldown_s ?? 0) : 0,
    takeover_after_s: rule.action === 'unlock' ? null : rule.takeover_after_s,
    retry_after_s: (rule.attempts ?? 0) > 1 ? (rule.retry_after_s ?? 30 * MINUTE_S) : null,
  }
}

export const isSame = (one: Rule, other: Rule): boolean => JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other))
const inOrder = (rule: Rule): unknown => Object.entries(rule).toSorted(([a], [b]) => (a < b ? -1 : 1))

const NAME = /^[a-z0-9][a-z0-9._-]{1,63}$/
export const isName = (name: string): boolean => NAME.test(name)

/** The last thirty days, to the minute. */
export function lastMonth(now: number): { from: string; to: string } {
  const to = Math.floor(now / 60_000) * 60_000
  return { from: new Date(to - 30 * DAY_S * 1000).toISOString(), to: new Date(to).toISOString() }
}
