import fc from 'fast-check'
import { it } from 'vitest'
import { MemoryStore } from '../../src/broker/memory/store.ts'
import { createMemoryBroker } from '../../src/broker/memory.ts'
import { runModel, steps } from '../support/delivery-model.ts'

const limits = { retentionSeconds: 3600, retentionMessages: 1_000, resumeSeconds: 3600 }

it('a hub on the embedded broker delivers as the model says, whatever happens', {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(steps(100), async (all) => {
      const store = new MemoryStore()
      await runModel(all, (replicaId) => createMemoryBroker({ replicaId, limits, store }))
    }),
    { numRuns: 1_000, verbose: 1 },
  )
})
