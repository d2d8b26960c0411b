import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/broker/memory/store.ts'
import { createMemoryBroker } from '../../src/broker/memory.ts'
import { type BrokerCluster, LIMITS, newPush, range } from '../support/conformance/broker/world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'

/** A store whose time goes on only when it is told to. */
function createClock() {
  let now = Date.UTC(2030, 0, 1)
  return {
    now: () => now,
    advance(ms: number) {
      now += ms
    },
  }
}

async function createCluster(): Promise<BrokerCluster> {
  const clock = createClock()
  const store = new MemoryStore({ now: clock.now })
  return {
    open: (replicaId, limits) => createMemoryBroker({ replicaId, limits, store }),
    async moment() {
      clock.advance(50)
      store.sweep()
      await setImmediate()
    },
    async [Symbol.asyncDispose]() {},
  }
}

brokerConformance('memory', createCluster)

test('what has ended is freed: inboxes, records, pushes and messages', async () => {
  const clock = createClock()
  const store = new MemoryStore({ now: clock.now })
  await using broker = createMemoryBroker({ replicaId: 'a', limits: LIMITS, store })
  const identifiers = range(1, 100).map((index) => `device:${index}`)
  await broker.publish(newPush(identifiers))
  await broker.attach([
    {
      identifier: 'held',
      subscriptions: 1,
      resume: { subject: 's', operationId: 'o', owner: 'x' },
      after: null,
    },
  ])
  expect([store.inboxes.size, store.pushes.size, store.records.size]).toEqual([101, 1, 1])
  clock.advance(2 * 86_400_000)
  store.sweep()
  expect([store.inboxes.size, store.pushes.size, store.records.size]).toEqual([1, 0, 0])
  expect(await broker.publish(newPush('held'))).toMatchObject({ offline: [] })
})

test('a closed broker refuses everything, and its arrivals go nowhere', async () => {
  const store = new MemoryStore()
  const broker = createMemoryBroker({ replicaId: 'a', limits: LIMITS, store })
  await using other = createMemoryBroker({ replicaId: 'b', limits: LIMITS, store })
  let heard = 0
  await broker.listen({ arrived: () => void heard++, interrupted: () => {} })
  await broker.attach([{ identifier: 'alice', subscriptions: 1, resume: null, after: null }])
  void other.publish(newPush('alice'))
  await broker[Symbol.asyncDispose]()
  await other.publish(newPush('alice'))
  expect(heard).toBe(0)
  expect(broker.available).toBe(false)
  await expect(broker.publish(newPush('alice'))).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
})
