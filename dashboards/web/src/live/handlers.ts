/** Wire name → what it means here. The whole of what the server can tell the desk. */
import { isConversation } from '@/api/conversations'
import type { DeskEventName, DeskEvents, Stamped } from '@/api/types'
import { useCatalogues } from '@/stores/catalogues'
import { useConversations } from '@/stores/conversations'
import { useDesk } from '@/stores/desk'
import { useLeads } from '@/stores/leads'
import { usePbxs } from '@/stores/pbxs'
import { useReference } from '@/stores/reference'
import { useAgents, useCallbacks, useClients, useInteractions } from '@/stores/things'

type Handlers = { [Name in DeskEventName]: (event: DeskEvents[Name] & Stamped) => void }

export function makeHandlers(): Handlers {
  const interactions = useInteractions()
  const callbacks = useCallbacks()
  const agents = useAgents()
  const clients = useClients()
  const catalogues = useCatalogues()
  const reference = useReference()
  const desk = useDesk()
  const leads = useLeads()
  const conversations = useConversations()
  const pbxs = usePbxs()

  return {
    'call.offered': (event) => desk.offered(event, Date.parse(event.at)),
    'call.withdrawn': (event) => desk.withdrawn(event),
    'call.answered': (event) => desk.answered(event),
    'call.ended': ({ interaction }) => desk.changed(interactions.put(interaction)),
    'interaction.changed': ({ interaction }) => {
      desk.changed(interactions.put(interaction))
      if (isConversation(interaction)) conversations.changed(interaction)
    },
    'message.received': ({ interaction, message }) => {
      interactions.put(interaction)
      conversations.received(interaction, message)
    },
    'message.changed': ({ interaction, message }) => {
      interactions.put(interaction)
      conversations.put(interaction)
      conversations.heard(message)
    },
    'conversation.moved': ({ interaction, words }) => conversations.moved(interaction, words),
    'conversation.due_soon': ({ interaction }) => conversations.dueSoon(interaction),
    'conversation.stuck': ({ interaction }) => conversations.stuck(interaction),
    'conversation.mentioned': ({ interaction, message }) => conversations.mentioned(interaction, message),
    'callback.due_soon': ({ callback }) => desk.promiseDueSoon(callbacks.put(callback)),
    'callback.changed': ({ callback }) => void callbacks.put(callback),
    'callback.moved': (event) => desk.promiseMoved(callbacks.put(event.callback), event),
    'callback.stuck': ({ callback }) => void callbacks.put(callback),
    'lead.changed': ({ lead }) => leads.heard(lead),
    'lead.stuck': ({ lead }) => void leads.put(lead),
    'agent.changed': ({ agent }) => void agents.put(agent),
    'client.changed': ({ client_id }) => void clients.readAgain(client_id).then(() => desk.clientChanged(client_id)),
    'pbx.changed': () => void pbxs.load(),
    'catalogue.changed': ({ name, version }) => {
      catalogues.changed(name, version)
      void reference.load().catch(() => undefined)
    },
    'wallboard.changed': () => undefined,
  }
}
