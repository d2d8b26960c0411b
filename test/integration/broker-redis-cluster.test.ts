import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { createKeys } from '../../src/broker/redis/keys.ts'
import type { BrokerCluster } from '../support/conformance/broker/world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'

let redis: RedisCluster

beforeAll(async () => {
  redis = await startRedisCluster()
})

afterAll(async () => {
  await redis[Symbol.asyncDispose]()
})

async function createCluster(): Promise<BrokerCluster> {
  const prefix = `test-${randomUUID()}`
  const { partitions, partitionOf } = createKeys(prefix, 'cluster')
  const everywhere: string[] = []
  for (let n = 0; Object.keys(everywhere).length < partitions.length; n++) {
    everywhere[partitionOf(`settle-${n}`)] ??= `settle-${n}`
  }
  return {
    everywhere,
    open: (replicaId, limits) => createRedisBroker({ url: redis.url, prefix, replicaId, limits }),
    moment: () => delay(10),
    async [Symbol.asyncDispose]() {},
  }
}

brokerConformance('redis cluster', createCluster)
