import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { type BrokerCluster, LIMITS, newPush } from '../support/conformance/broker/world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

/** Every cluster has keys of its own on the one server. */
async function createCluster(): Promise<BrokerCluster> {
  const prefix = `test-${randomUUID()}`
  return {
    open: (replicaId, limits) => createRedisBroker({ url: server.url, prefix, replicaId, limits }),
    // One step of waiting for a condition.
    moment: () => delay(10),
    async [Symbol.asyncDispose]() {},
  }
}

brokerConformance('redis', createCluster)

test('after all of this no key is left that would stay for ever', async () => {
  const { open } = await createCluster()
  await using broker = open('a', LIMITS)
  await broker.publish(newPush('alice', { delaySeconds: 1_000 }))
  await using client = Object.assign(new Redis(server.url), {
    async [Symbol.asyncDispose]() {
      client.disconnect()
    },
  })
  const kinds = new Set<string>()
  for await (const keys of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
    for (const key of keys) {
      kinds.add(/^[^{]*\{\d+\}:([a-z]+)/.exec(key)?.[1] ?? key)
      // -2: it has ended between the scan and the question.
      expect([key, await client.ttl(key)]).not.toEqual([key, -1])
    }
  }
  expect(kinds).toEqual(
    new Set(['meta', 'inbox', 'holders', 'resume', 'push', 'due', 'delayed', 'generation', 'dead']),
  )
})
