import type { Log } from '../observability/log.ts'
import type { PeerHandlers, Peers } from './peers.ts'

/** The peers of a replica that is alone: it asks itself. */
export function createMemoryPeers(replicaId: string, log?: Log): Peers {
  let handlers: PeerHandlers | null = null
  return {
    async serve(serving) {
      handlers = serving
    },
    async ask(question, ask, replicaIds = null) {
      if (!handlers || (replicaIds && !replicaIds.includes(replicaId))) return []
      try {
        return [await handlers[question](ask)]
      } catch (error) {
        log?.error({ err: error, question }, 'a question could not be answered')
        return []
      }
    },
    async [Symbol.asyncDispose]() {
      handlers = null
    },
  }
}
