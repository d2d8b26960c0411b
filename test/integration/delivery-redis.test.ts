import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { runModel, steps } from '../support/delivery-model.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const limits = { retentionSeconds: 3600, retentionMessages: 1_000, resumeSeconds: 3600 }

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis[Symbol.asyncDispose]())

it('a hub on the Redis broker delivers as the model says, whatever happens', {
  timeout: 900_000,
}, async () => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(steps(100), async (all) => {
      const prefix = `cp-${randomUUID()}`
      await runModel(all, (replicaId) => createRedisBroker({ url: redis.url, prefix, replicaId, limits }))
      runs++
    }),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 1_000), endOnFailure: true },
  )
  expect(runs).toBeGreaterThan(0)
})
