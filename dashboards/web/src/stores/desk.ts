/**
 * The live contacts of the person at this desk: what rings, what is talked, what waits for an outcome.
 *
 * Everything is derived from interactions that concern this person and from offers not yet
 * answered, so a reload, a second tab and a resumed socket show the same.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { api } from '@/api/client'
import type {
  Callback,
  Card,
  DeskEvents,
  DeskSnapshot,
  Interaction,
  LegResult,
  Offer,
  TodayFigures,
} from '@/api/types'
import { now } from '@/lib/clock'
import { useReference } from './reference'
import { useSession } from './session'
import { useAgents, useCallbacks, useInteractions } from './things'

export type LiveKind = 'ringing' | 'dialling' | 'talking' | 'wrap_up'

export interface LiveContact {
  kind: LiveKind
  interaction: Interaction
  card: Card | null
  /** When this kind began, milliseconds. */
  since: number
  legId: string | null
}

export interface Withdrawn {
  interactionId: string
  result: LegResult
}

/** A promise of this person's asks for attention: due soon, come from somebody else, gone to somebody else. */
export interface Nudge {
  kind: 'due' | 'came' | 'left'
  promise: Callback
}

interface RingingOffer {
  legId: string
  interactionId: string
  since: number
}

const WITHDRAWN_SHOWN_MS = 4000
const FIGURES_LAG_MS = 1500
/** What takes the slot when nothing was chosen by hand. */
const ORDER: readonly LiveKind[] = ['talking', 'dialling', 'ringing', 'wrap_up']

const moment = (at: string | null | undefined): number | null => (at ? Date.parse(at) : null)

/** Which kind of live contact a call is for the person who has it, if it is one. */
export function liveKind(call: Interaction, me: string): Exclude<LiveKind, 'ringing'> | null {
  if (call.channel !== 'call' || call.agent_id !== me || call.merged_into) return null
  if (call.state === 'wrap_up') return 'wrap_up'
  if (call.state === 'closed') return null
  if (call.direction === 'outbound' && !call.answered_at) return 'dialling'
  return call.state === 'active' ? 'talking' : null
}

export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  const agents = useAgents()
  const reference = useReference()

  const offers = shallowReactive(new Map<string, RingingOffer>())
  const mine = shallowReactive(new Set<string>())
  const cards = shallowReactive(new Map<string, Card>())
  const wrapUpUntil = shallowReactive(new Map<string, number>())
  const figures = shallowRef<TodayFigures | null>(null)
  const figuresAt = ref(0)
  const gone = shallowRef<Withdrawn | null>(null)
  const nudge = shallowRef<Nudge | null>(null)
  const chosenId = ref<string | null>(null)
  let goneTimer: ReturnType<typeof setTimeout> | undefined
  let figuresTimer: ReturnType<typeof setTimeout> | undefined

  const myId = computed(() => session.user?.id ?? '')

  function startOf(kind: LiveKind, call: Interaction): number {
    const at = kind === 'wrap_up' ? call.ended_at : kind === 'talking' ? call.answered_at : call.started_at
    return moment(at) ?? moment(call.started_at) ?? now.value
  }

  const live = computed<LiveContact[]>(() => {
    const ringing = Array.from(offers.values(), (offer): LiveContact | null => {
      const call = interactions.get(offer.interactionId)
      if (!call) return null
      return { kind: 'ringing', interaction: call, card: cards.get(call.id) ?? null, since: offer.since, legId: offer.legId }
    })
    const own = Array.from(mine, (id): LiveContact | null => {
      const call = interactions.get(id)
      const kind = call && liveKind(call, myId.value)
      if (!call || !kind) return null
      return { kind, interaction: call, card: cards.get(id) ?? null, since: startOf(kind, call), legId: null }
    })
    return [...own, ...ringing]
      .filter((contact) => contact !== null)
      .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.since - b.since)
  })

  /** The one in the slot: what the person turned to, else the most pressing. */
  const current = computed<LiveContact | null>(
    () => live.value.find((contact) => contact.interaction.id === chosenId.value) ?? live.value[0] ?? null,
  )
  const others = computed(() => live.value.filter((contact) => contact !== current.value))
  const ringing = computed(() => live.value.filter((contact) => contact.kind === 'ringing'))
  const talks = computed(() => live.value.some((contact) => contact.kind === 'talking'))

  function choose(interactionId: string | null): void {
    chosenId.value = interactionId
  }
  function chooseNext(): void {
    const all = live.value
    if (all.length < 2) return
    const index = all.findIndex((contact) => contact === current.value)
    choose(all[(index + 1) % all.length]?.interaction.id ?? null)
  }

  function keepCard(interactionId: string, card: Card): void {
    cards.set(interactionId, card)
    callbacks.putAll(card.callbacks)
  }

  function offered(offer: Offer, since: number): void {
    // Supervisors hear of every ring on their floor; only one's own is a pop.
    if (offer.agent_id !== myId.value) return
    const call = interactions.put(offer.interaction)
    // An offer that is told late may be over by now: its own leg says so.
    const leg = call.legs.find((one) => one.id === offer.leg_id)
    if (call.state === 'closed' || leg?.answered_at || leg?.ended_at) return
    keepCard(call.id, offer.card)
    gone.value = null
    offers.set(offer.leg_id, {
      legId: offer.leg_id,
      interactionId: call.id,
      since: moment(leg?.offered_at) ?? since,
    })
  }

  function withdrawn(event: DeskEvents['call.withdrawn']): void {
    if (!offers.delete(event.leg_id)) return
    if (event.result === 'declined') return
    gone.value = { interactionId: event.interaction_id, result: event.result }
    clearTimeout(goneTimer)
    goneTimer = setTimeout(() => {
      gone.value = null
    }, WITHDRAWN_SHOWN_MS)
  }

  function answered(event: DeskEvents['call.answered']): void {
    offers.delete(event.leg_id)
    const call = interactions.put(event.interaction)
    changed(call)
    if (event.agent_id === myId.value) choose(null)
  }

  /** A call of mine began, moved on or ended. */
  function changed(call: Interaction): void {
    if (call.merged_into) void follow(call.id, call.merged_into)
    const kind = liveKind(call, myId.value)
    if (!kind) {
      const wasMine = mine.delete(call.id)
      if (call.state === 'closed') forgetCall(call.id)
      if (wasMine) refreshFigures()
      return
    }
    mine.add(call.id)
    if (kind === 'wrap_up' && !wrapUpUntil.has(call.id)) {
      const limit = limitOf(call)
      if (limit !== null) wrapUpUntil.set(call.id, limit)
      refreshFigures()
    }
    if (!cards.has(call.id) && call.client_id) void readCard(call.id, call.client_id)
  }

  /** A consultation became part of a client's call: a phone that still rings now rings for the client. */
  async function follow(id: string, into: string): Promise<void> {
    const ringing = Array.from(offers.values()).filter((offer) => offer.interactionId === id)
    if (!ringing.length) return
    for (const offer of ringing) offers.set(offer.legId, { ...offer, interactionId: into })
    const call = interactions.get(into) ?? interactions.put(await api.get<Interaction>(`/interactions/${into}`))
    if (!cards.has(into) && call.client_id) await readCard(into, call.client_id)
  }

  /** When the server ends this wrap-up by itself, by the rule of the queue that answered. */
  function limitOf(call: Interaction): number | null {
    const limit = reference.queue(call.queue)?.wrap_up_limit_s
    const ended = moment(call.ended_at)
    return limit && ended ? ended + limit * 1000 : null
  }

  function forgetCall(id: string): void {
    for (const offer of offers.values()) if (offer.interactionId === id) offers.delete(offer.legId)
    wrapUpUntil.delete(id)
    cards.delete(id)
    if (chosenId.value === id) chosenId.value = null
  }

  async function readCard(interactionId: string, clientId: string): Promise<void> {
    try {
      keepCard(interactionId, await api.get<Card>(`/clients/${clientId}/card`))
    } catch {
      // Without the card the contact still shows the name and number it carries itself.
    }
  }

  /** The card of somebody on the line was edited. */
  function clientChanged(clientId: string): void {
    for (const { interaction } of live.value) {
      if (interaction.client_id === clientId) void readCard(interaction.id, clientId)
    }
  }

  function promiseMoved(callback: Callback, event: DeskEvents['callback.moved']): void {
    if (event.to_agent_id === myId.value) nudge.value = { kind: 'came', promise: callback }
    // Who gave it away themselves knows it.
    const by = callback.history.at(-1)?.by
    if (event.from_agent_id === myId.value && by !== myId.value) nudge.value = { kind: 'left', promise: callback }
  }
  function promiseDueSoon(callback: Callback): void {
    if (callback.agent_id === myId.value) nudge.value = { kind: 'due', promise: callback }
  }

  function restore(snapshot: DeskSnapshot): void {
    agents.put(snapshot.agent)
    offers.clear()
    mine.clear()
    wrapUpUntil.clear()
    cards.clear()
    snapshot.offers.forEach((offer) => offered(offer, now.value))
    for (const { interaction, card } of [...snapshot.active, ...snapshot.wrap_up]) {
      keepCard(interaction.id, card)
      mine.add(interactions.put(interaction).id)
    }
    keepFigures(snapshot)
  }

  function keepFigures(snapshot: DeskSnapshot): void {
    figures.value = snapshot.today
    figuresAt.value = now.value
    for (const { interaction, wrap_up_until: until } of snapshot.wrap_up) {
      const at = moment(until) ?? limitOf(interaction)
      if (at !== null) wrapUpUntil.set(interaction.id, at)
    }
  }

  /** Figures and wrap-up limits are not in events: read them a moment after something ended. */
  function refreshFigures(): void {
    clearTimeout(figuresTimer)
    figuresTimer = setTimeout(() => {
      api.get<DeskSnapshot>('/desk').then(keepFigures, () => undefined)
    }, FIGURES_LAG_MS)
  }

  function clear(): void {
    offers.clear()
    mine.clear()
    cards.clear()
    wrapUpUntil.clear()
    figures.value = null
    gone.value = null
    nudge.value = null
    chosenId.value = null
  }

  return {
    live,
    current,
    others,
    ringing,
    talks,
    gone,
    nudge,
    figures,
    figuresAt,
    wrapUpUntil,
    choose,
    chooseNext,
    offered,
    withdrawn,
    answered,
    changed,
    clientChanged,
    promiseMoved,
    promiseDueSoon,
    readCard,
    restore,
    clear,
  }
})
