import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createRedisBroker } from '../../../../src/broker/redis/broker.ts'
import { createKeys } from '../../../../src/broker/redis/keys.ts'
import type { AnyRedis } from '../../redis-kinds.ts'
import type { BrokerCluster } from './world.ts'

/** Every cluster has keys of its own on the one Redis. */
export async function openBrokerCluster({ url, layout }: AnyRedis): Promise<BrokerCluster> {
  const prefix = `test-${randomUUID()}`
  const { partitions, partitionOf } = createKeys(prefix, layout)
  const everywhere: string[] = []
  for (let n = 0; Object.keys(everywhere).length < partitions.length; n++) {
    everywhere[partitionOf(`settle-${n}`)] ??= `settle-${n}`
  }
  return {
    everywhere,
    open: (replicaId, limits) => createRedisBroker({ url, prefix, replicaId, limits }),
    // One step of waiting for a condition.
    moment: () => delay(10),
    async [Symbol.asyncDispose]() {},
  }
}
