import type { PeerQuestions } from '../../cluster/peers.ts'
import type { ReplicaSnapshot } from '../../cluster/registry.ts'
import { surpluses } from '../../cluster/surplus.ts'
import { weights } from '../../cluster/weight.ts'
import { badUserInput, notFound } from '../../errors.ts'
import type { Services } from '../context.ts'
import { type Events, eventStream } from './events.ts'
import { checkIdentifiers } from './identifiers.ts'

const MAX_DRAIN_SECONDS = 86_400 // a day
const EVENT_INTERVAL_MS = 1_000 // 1 second: as often as loads are written

/** All living replicas, by id. */
export function listReplicas({ registry }: Services): ReplicaSnapshot[] {
  return [...registry.replicas()]
}

/** The list at once, then every second. */
export function watchReplicas(services: Services): Events<'replicas', ReplicaSnapshot[]> {
  return eventStream('replicas', async (send) => {
    send(listReplicas(services))
    const timer = setInterval(() => send(listReplicas(services)), EVENT_INTERVAL_MS)
    return async () => clearInterval(timer)
  })
}

/** Its share of new connections, percent. */
export function weightOf({ registry }: Services, replicaId: string): number {
  return weights(registry.replicas(), new Date()).get(replicaId) ?? 0
}

/** Where to open the next connection. Throws `NOT_FOUND` where no replica accepts any. */
export async function chooseEndpoint({ broker, chooser }: Services, identifier: string | null) {
  if (identifier !== null) checkIdentifiers([identifier], 'identifier')
  const sticky = identifier === null ? null : await broker.lastReplica(identifier)
  const choice = chooser.choose(sticky)
  if (!choice) throw notFound('No replica accepts connections now; ask again in some seconds.')
  return {
    url: choice.replica.url,
    replicaId: choice.replica.id,
    alternates: choice.alternates.map((replica) => replica.url),
  }
}

/** Begins or goes on with the drain of a replica. Answers the replica as it is then. */
export function drainReplica(
  services: Services,
  replicaId: string,
  withinSeconds: number,
): Promise<ReplicaSnapshot> {
  if (withinSeconds < 0 || withinSeconds > MAX_DRAIN_SECONDS) {
    throw badUserInput(`withinSeconds must be from 0 to ${MAX_DRAIN_SECONDS}.`, { argument: 'withinSeconds' })
  }
  return tell(services, replicaId, 'drain', { withinSeconds })
}

/** Takes a drain back. Answers the replica as it is then. */
export function undrainReplica(services: Services, replicaId: string): Promise<ReplicaSnapshot> {
  return tell(services, replicaId, 'undrain', null)
}

async function tell<Q extends 'drain' | 'undrain'>(
  { registry, peers }: Services,
  replicaId: string,
  question: Q,
  ask: PeerQuestions[Q]['ask'],
): Promise<ReplicaSnapshot> {
  const replica = registry.replicas().find(({ id }) => id === replicaId)
  if (!replica) throw notFound(`There is no living replica "${replicaId}"; the query replicas lists them.`)
  const [load] = await peers.ask(question, ask, [replicaId])
  if (!load) throw notFound(`The replica "${replicaId}" does not answer; it is gone, or too busy. Try again.`)
  return { ...replica, ...load, lastSeen: new Date() }
}

/** Moves what replicas hold above threshold × mean to the others. Answers how many sessions move. */
export async function rebalance({ registry, peers, settings }: Services, threshold: number): Promise<number> {
  if (!(threshold >= 1)) throw badUserInput('threshold must be 1 or more.', { argument: 'threshold' })
  const moves = [...surpluses(registry.replicas(), threshold)].map(([replicaId, sessions]) =>
    peers.ask('move', { sessions, withinSeconds: settings.current.drainSeconds }, [replicaId]),
  )
  return (await Promise.all(moves)).flat().reduce((sum, moved) => sum + moved, 0)
}
