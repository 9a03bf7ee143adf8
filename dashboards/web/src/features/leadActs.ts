/** What can be done with a lead. Every refusal is told in a sentence. */
import { type Ref, ref } from 'vue'
import { api } from '@/api/client'
import type { Lead, LeadStage, LeadStory } from '@/api/leads'
import { sentence } from '@/api/problems'
import { useLeads } from '@/stores/leads'

export interface LeadActs {
  busy: Readonly<Ref<boolean>>
  problem: Readonly<Ref<string>>
  accept: (lead: Lead) => Promise<LeadStory | null>
  move: (lead: Lead, agentId: string, reason: string) => Promise<LeadStory | null>
  release: (lead: Lead, reason: string) => Promise<LeadStory | null>
  goTo: (lead: Lead, stage: LeadStage, lostReason?: string) => Promise<LeadStory | null>
  edit: (lead: Lead, change: Partial<Pick<Lead, 'name' | 'client_id' | 'note' | 'destination'>>) => Promise<LeadStory | null>
}

export function useLeadActs(): LeadActs {
  const leads = useLeads()
  const busy = ref(false)
  const problem = ref('')

  async function act(work: () => Promise<LeadStory>): Promise<LeadStory | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = ''
    try {
      const story = await work()
      leads.put(story)
      return story
    } catch (error) {
      problem.value = sentence(error)
      return null
    } finally {
      busy.value = false
    }
  }
  const verb = (lead: Lead, name: string, body: object) => act(() => api.post<LeadStory>(`/leads/${lead.id}/${name}`, body))
  const patch = (lead: Lead, change: object) => act(() => api.patch<LeadStory>(`/leads/${lead.id}`, { ...change, version: lead.version }))

  return {
    busy,
    problem,
    accept: (lead) => verb(lead, 'accept', {}),
    move: (lead, agentId, reason) => verb(lead, 'move', { agent_id: agentId, reason }),
    release: (lead, reason) => verb(lead, 'release', { reason }),
    goTo: (lead, stage, lostReason) => patch(lead, { stage, ...(lostReason ? { lost_reason: lostReason } : {}) }),
    edit: (lead, change) => patch(lead, change),
  }
}
