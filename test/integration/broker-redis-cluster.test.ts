import { afterAll, beforeAll } from 'vitest'
import { openBrokerCluster } from '../support/conformance/broker/redis-world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'
import { type AnyRedis, startCluster } from '../support/redis-kinds.ts'

let redis: AnyRedis

beforeAll(async () => {
  redis = await startCluster()
})

afterAll(async () => {
  await redis?.[Symbol.asyncDispose]()
})

brokerConformance('redis cluster', () => openBrokerCluster(redis))
