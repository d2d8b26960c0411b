import { expect, test } from 'vitest'
import { startBrowserLoad } from '../support/browser-load.ts'
import { killReplica, type LoadedCluster, readDoor, startLoadedCluster } from '../support/gateway-cluster.ts'
import { graphqlRequest } from '../support/graphql-request.ts'
import { startRedis } from '../support/redis.ts'

const options = { clientsPerKind: 150, drainSeconds: 3 } // 600 of the four kinds
const LIMIT = { timeout: 60_000, interval: 50 }

/** For a machine that does nothing else. */
test('behind a gateway, 99 of 100 sessions of a killed replica are at another one within half a second', async () => {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, options)
  await using browser = await startBrowserLoad(cluster.door)
  for (const replica of cluster.replicas) {
    await rebalance(cluster)
    const kill = await killReplica(cluster, replica)
    console.info('killed behind a gateway', kill)
    expect(kill.shareWithin(0.5)).toBeGreaterThanOrEqual(0.99)
    expect(kill.forgottenMs).toBeLessThanOrEqual(5_000)
    await cluster.startReplica()
    await cluster.load.received(3_000)
  }
  const { violations, attempts, accepted, seconds } = await cluster.load.finish()
  expect(violations).toEqual([])
  expect(attempts).toBe(4 * options.clientsPerKind)
  expect(accepted / seconds).toBeGreaterThanOrEqual(500)
  await browser.finish()
})

/** What test/chaos/rolling-gateway.test.ts shows on any machine, under the load that a quiet one has to carry. */
test('behind a gateway, a rolling restart under 500 pushes a second closes no client’s socket', async () => {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, options)
  await using browser = await startBrowserLoad(cluster.door)
  for (const replica of cluster.replicas) {
    replica.kill('SIGTERM')
    await replica.exited
    await cluster.startReplica()
    await cluster.load.received(3_000)
  }
  const { violations, attempts, refusals, accepted, seconds } = await cluster.load.finish()
  console.info('rolling restart behind a gateway', { accepted, seconds })
  expect([violations, refusals, attempts]).toEqual([[], {}, 4 * options.clientsPerKind])
  expect(accepted / seconds).toBeGreaterThanOrEqual(500)
  await browser.finish()
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
