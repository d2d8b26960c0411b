import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, it } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { modelSeed, RETENTION_MESSAGES, type Retention, runModel, steps } from '../support/delivery-model.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** With how many runs: those that lose messages wait for their catching up, and take long. */
const RETENTIONS: readonly [Retention, number][] = [
  ['all', 1_000],
  ['little', 250],
]

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis[Symbol.asyncDispose]())

it.each(RETENTIONS)(
  'a hub on a Redis that keeps %s delivers as the model says',
  {
    timeout: 900_000,
  },
  async (retention, numRuns) => {
    const retentionMessages = RETENTION_MESSAGES[retention]
    const limits = { retentionSeconds: 3600, retentionMessages, resumeSeconds: 3600 }
    await fc.assert(
      fc.asyncProperty(steps(100), async (all) => {
        const options = { url: redis.url, prefix: `cp-${randomUUID()}`, limits }
        await runModel(all, retention, (replicaId) => createRedisBroker({ ...options, replicaId }))
      }),
      // What shrinks here takes long: the seed gives the same steps to the embedded broker.
      { numRuns, seed: modelSeed(), endOnFailure: true },
    )
  },
)
