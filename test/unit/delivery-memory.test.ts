import fc from 'fast-check'
import { it } from 'vitest'
import { MemoryStore } from '../../src/broker/memory/store.ts'
import { createMemoryBroker } from '../../src/broker/memory.ts'
import { modelSeed, RETENTION_MESSAGES, type Retention, runModel, steps } from '../support/delivery-model.ts'

const RETENTIONS: readonly Retention[] = ['all', 'little']

it.each(RETENTIONS)(
  'a hub on the embedded broker that keeps %s delivers as the model says',
  {
    timeout: 600_000,
  },
  async (retention) => {
    const retentionMessages = RETENTION_MESSAGES[retention]
    const limits = { retentionSeconds: 3600, retentionMessages, resumeSeconds: 3600 }
    await fc.assert(
      fc.asyncProperty(steps(100), async (all) => {
        const store = new MemoryStore()
        await runModel(all, retention, (replicaId) => createMemoryBroker({ replicaId, limits, store }))
      }),
      { numRuns: 1_000, seed: modelSeed() },
    )
  },
)
