import type { PresenceState } from '../../broker/broker.ts'
import type { Services } from '../context.ts'
import { type Events, eventStream } from './events.ts'
import { checkIdentifiers } from './identifiers.ts'

export interface Presence {
  readonly identifier: string
  readonly online: boolean
  readonly subscriptions: number
  readonly replicaIds: string[]
  readonly lastSeen: Date | null
}

function toPresence(state: PresenceState): Presence {
  const online = state.subscriptions > 0
  return {
    identifier: state.identifier,
    online,
    subscriptions: state.subscriptions,
    replicaIds: [...state.replicaIds],
    lastSeen: online ? new Date() : state.lastSeen === null ? null : new Date(state.lastSeen),
  }
}

/** Whether these identifiers are subscribed now, in the order asked. */
export async function readPresence(
  { broker }: Services,
  identifiers: readonly string[],
): Promise<Presence[]> {
  checkIdentifiers(identifiers, 'identifiers')
  return (await broker.presence(identifiers)).map(toPresence)
}

/** One event per identifier at once, then one at each coming and going. */
export function watchPresence(
  { broker }: Services,
  identifiers: readonly string[],
): Events<'presence', Presence> {
  const distinct = checkIdentifiers(identifiers, 'identifiers')
  const read = async (identifier: string) => {
    const [state] = await broker.presence([identifier])
    return toPresence(state as PresenceState)
  }
  return eventStream('presence', async (send) => {
    const unwatch = await broker.watchPresence(distinct, (identifier) => send(read(identifier)))
    for (const identifier of distinct) send(read(identifier))
    return unwatch
  })
}
