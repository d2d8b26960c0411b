import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createRedisCluster, type RedisCluster } from '../../../src/cluster/redis/cluster.ts'
import type { AnyRedis } from '../redis-kinds.ts'
import { EMPTY, type StatisticsWorld, sumOf } from './statistics.ts'

/** Statistics under a prefix of their own. */
export async function openStatisticsWorld({ url }: AnyRedis) {
  const prefix = `test-${randomUUID()}`
  const clusters: RedisCluster[] = []
  return {
    prefix,
    open(replicaId: string) {
      const cluster = createRedisCluster({ url, prefix, replicaId })
      clusters.push(cluster)
      return cluster.statistics
    },
    async [Symbol.asyncDispose]() {
      for (const cluster of clusters) await cluster[Symbol.asyncDispose]()
    },
  }
}

/** What holds for statistics in a Redis, of whatever kind, that several replicas add to. */
export function sharedStatisticsConformance(name: string, create: () => Promise<StatisticsWorld>): void {
  describe(`statistics: ${name}, by several replicas`, () => {
    test('what several replicas add counts together, and each has its own numbers', async () => {
      await using world = await create()
      const [one, other] = [world.open('a'), world.open('b')]
      await one.add(1, { ...EMPTY, sent: 3, latencyMs: new Map([[5, 2]]) })
      await other.add(1, { ...EMPTY, sent: 4, latencyMs: new Map([[5, 1]]) })
      for (const statistics of [one, other]) {
        expect(await sumOf(statistics)).toMatchObject({ sent: 7, latencyMs: [[5, 3]] })
      }
    })
  })
}
