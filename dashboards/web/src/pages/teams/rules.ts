/** What a team is set to. Pure. */
import type { Strategy, TeamRules } from '@/api/people'

export const STRATEGIES: readonly Strategy[] = ['team', 'least_loaded', 'round_robin', 'best_fit']

/** What an administrator sets of a team. */
export type Rules = Pick<
  TeamRules,
  'name' | 'calendar_id' | 'strategy' | 'load_cap' | 'load_warning' | 'hourly_cap' | 'long_pause_s' | 'accept_within_s'
>

export const newTeam = (): Rules => ({
  name: '',
  calendar_id: null,
  strategy: 'team',
  load_cap: 60,
  load_warning: 50,
  hourly_cap: 10,
  long_pause_s: 600,
  accept_within_s: 300,
})

export const rulesOf = (team: TeamRules): Rules => ({
  name: team.name,
  calendar_id: team.calendar_id,
  strategy: team.strategy,
  load_cap: team.load_cap,
  load_warning: team.load_warning,
  hourly_cap: team.hourly_cap,
  long_pause_s: team.long_pause_s,
  accept_within_s: team.accept_within_s,
})
