import { expect, test } from 'vitest'
import { killReplica, type LoadedCluster, readDoor, startLoadedCluster } from '../support/gateway-cluster.ts'
import { graphqlRequest } from '../support/graphql-request.ts'
import { startRedis } from '../support/redis.ts'

const options = { clientsPerKind: 150, drainSeconds: 3 } // 600 of the four kinds
const LIMIT = { timeout: 60_000, interval: 50 }

/** For a machine that does nothing else. */
test('behind a gateway, 99 of 100 sessions of a killed replica are at another one within half a second', async () => {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, options)
  for (const replica of cluster.replicas) {
    await rebalance(cluster)
    const kill = await killReplica(cluster, replica)
    console.info('killed behind a gateway', kill)
    expect(kill.shareWithin(0.5)).toBeGreaterThanOrEqual(0.99)
    await cluster.startReplica()
    await cluster.load.received(3_000)
  }
  const { violations, attempts } = await cluster.load.finish()
  expect(violations).toEqual([])
  expect(attempts).toBe(4 * options.clientsPerKind)
})

/** Resolves when all that moves has moved. */
async function rebalance({ door }: LoadedCluster): Promise<void> {
  const before = await readDoor(door)
  const { data } = await graphqlRequest<{ rebalance: number }>(
    door,
    'mutation { rebalance(threshold: 1.05) }',
  )
  const goal = before.rehomings + (data?.rebalance ?? 0)
  await expect.poll(async () => (await readDoor(door)).rehomings, LIMIT).toBeGreaterThanOrEqual(goal)
}
