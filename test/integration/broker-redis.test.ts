import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrokerCluster } from '../support/conformance/broker/redis-world.ts'
import { LIMITS, newPush } from '../support/conformance/broker/world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'
import { type Standalone, startStandalone } from '../support/redis-kinds.ts'

let redis: Standalone

beforeAll(async () => {
  redis = await startStandalone()
})

afterAll(async () => {
  await redis?.[Symbol.asyncDispose]()
})

brokerConformance('redis', () => openBrokerCluster(redis))

test('after all of this no key is left that would stay for ever', async () => {
  const { open } = await openBrokerCluster(redis)
  await using broker = open('a', LIMITS)
  await broker.publish(newPush('alice', { delaySeconds: 1_000 }))
  await using client = Object.assign(new Redis(redis.url), {
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
