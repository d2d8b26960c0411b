import { createMemoryPeers } from '../../src/cluster/peers-memory.ts'
import { peersConformance } from '../support/conformance/peers.ts'

peersConformance('memory', async () => ({
  join: async (replicaId) => createMemoryPeers(replicaId),
  async [Symbol.asyncDispose]() {},
}))
