import type { ReplicaSnapshot } from '../../cluster/registry.ts'
import { weights } from '../../cluster/weight.ts'
import { notFound } from '../../errors.ts'
import type { Services } from '../context.ts'
import { type Events, eventStream } from './events.ts'
import { checkIdentifiers } from './identifiers.ts'

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
