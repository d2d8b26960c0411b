import type { PeerHandlers, Peers } from './peers.ts'

/** The peers of a replica that is alone: it asks itself. */
export function createMemoryPeers(replicaId: string): Peers {
  let handlers: PeerHandlers | null = null
  return {
    async serve(serving) {
      handlers = serving
    },
    async ask(question, ask, replicaIds = null) {
      if (!handlers || (replicaIds && !replicaIds.includes(replicaId))) return []
      return [await handlers[question](ask)]
    },
    async [Symbol.asyncDispose]() {
      handlers = null
    },
  }
}
