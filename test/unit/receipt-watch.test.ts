import { expect, test } from 'vitest'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory.ts'
import { watchReceipt } from '../../src/graphql/domain/receipt.ts'
import { LIMITS, newPush } from '../support/conformance/broker/world.ts'

test('what is counted while the watch of a receipt begins is told, though no later change tells it', async () => {
  await using memory = createMemoryBroker({ replicaId: 'a', limits: LIMITS })
  const push = newPush('alice')
  await memory.publish(push)
  const broker: Broker = {
    ...memory,
    async watchReceipt(pushId, changed) {
      await memory.acknowledge(pushId, 'alice', 'anna')
      return memory.watchReceipt(pushId, changed)
    },
  }
  const seen: number[] = []
  for await (const { receipt } of await watchReceipt({ broker }, push.id)) {
    seen.push(receipt.acknowledged)
    if (receipt.acknowledged === 1) break
  }
  expect(seen.at(-1)).toBe(1)
})
