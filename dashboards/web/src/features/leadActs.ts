/** What can be done with a lead. Every refusal is told in a sentence. */
import type { Ref } from 'vue'
import { api } from '@/api/client'
import type { Lead, LeadStage, LeadStory } from '@/api/leads'
import { t } from '@/i18n'
import { useAttempt } from '@/lib/attempt'
import { useUndo } from '@/lib/undo'
import { useLeads } from '@/stores/leads'
import { leadName } from './leadNames'

export interface LeadActs {
  busy: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  accept: (lead: Lead) => Promise<LeadStory | null>
  move: (lead: Lead, agentId: string, reason: string) => Promise<LeadStory | null>
  release: (lead: Lead, reason: string) => Promise<LeadStory | null>
  goTo: (lead: Lead, stage: LeadStage, lostReason?: string) => Promise<LeadStory | null>
  /** A closed one is followed again. */
  reopen: (lead: Lead) => Promise<LeadStory | null>
  edit: (lead: Lead, change: Partial<Pick<Lead, 'name' | 'client_id' | 'note' | 'destination'>>) => Promise<LeadStory | null>
}

export function useLeadActs(): LeadActs {
  const leads = useLeads()
  const { busy, problem, attempt } = useAttempt()
  const offerUndo = useUndo(problem)

  async function act(work: () => Promise<LeadStory>): Promise<LeadStory | null> {
    const story = await attempt(work)
    if (story) leads.put(story)
    return story
  }
  const verb = (lead: Lead, name: string, body: object) => act(() => api.post<LeadStory>(`/leads/${lead.id}/${name}`, body))
  const patch = (lead: Lead, change: object) => act(() => api.patch<LeadStory>(`/leads/${lead.id}`, { ...change, version: lead.version }))

  /** `back` makes of the lead as it is what it was. */
  function undoable(after: LeadStory | null, said: string, back: (lead: Lead) => Promise<LeadStory | null>): LeadStory | null {
    if (after) offerUndo(said, () => back(after))
    return after
  }
  async function accept(lead: Lead): Promise<LeadStory | null> {
    return undoable(await verb(lead, 'accept', {}), t('leads.accepted', { who: leadName(lead) }), (now) => verb(now, 'accept/undo', {}))
  }
  async function goTo(lead: Lead, stage: LeadStage, lostReason?: string): Promise<LeadStory | null> {
    const before = lead.stage
    const after = await patch(lead, { stage, ...(lostReason ? { lost_reason: lostReason } : {}) })
    const said = t('leads.went_to', { who: leadName(lead), stage: t(`leads.stage.${stage}`) })
    if (stage === 'won' || stage === 'lost') return undoable(after, said, (now) => reopen(now, before))
    // A new lead was accepted on the way, so that is what is taken back.
    if (before === 'new') return undoable(after, said, (now) => verb(now, 'accept/undo', {}))
    return undoable(after, said, (now) => patch(now, { stage: before }))
  }
  const reopen = (lead: Lead, stage: LeadStage) => verb(lead, 'reopen', stage === 'offer' ? { stage } : {})

  return {
    busy,
    problem,
    accept,
    move: (lead, agentId, reason) => verb(lead, 'move', { agent_id: agentId, reason }),
    release: (lead, reason) => verb(lead, 'release', { reason }),
    goTo,
    reopen: (lead) => reopen(lead, 'in_work'),
    edit: (lead, change) => patch(lead, change),
  }
}
