import { expect, it } from 'vitest'
import { startBrowserLoad } from '../support/browser-load.ts'
import { killReplica, RehomingRate, readDoor, startLoadedCluster } from '../support/gateway-cluster.ts'
import { startRedis } from '../support/redis.ts'

const options = { clientsPerKind: 150, drainSeconds: 3 } // 600 of the four kinds
const PART_MESSAGES = 700 // some 1.3 seconds of load

it('invariants 1, 2, 3 and 5: a rolling restart behind a gateway closes no client’s socket, and loses nothing', async () => {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, options)
  const { replicas, startReplica, door, rowOf, load } = cluster
  await using browser = await startBrowserLoad(door)
  await load.received(PART_MESSAGES)
  for (const replica of replicas) {
    const { sessions } = await rowOf(replica)
    using rate = new RehomingRate(door)
    replica.kill('SIGTERM')
    await replica.exited
    expect(rate.most).toBeGreaterThan(0)
    expect(rate.most).toBeLessThanOrEqual((1.5 * sessions) / options.drainSeconds)
    await startReplica()
    await load.received(PART_MESSAGES)
  }
  const { violations, ...result } = await load.finish()
  console.info('rolling restart behind a gateway', result, await readDoor(door))
  expect(violations).toEqual([])
  expect(result.refusals).toEqual({})
  expect(result.attempts).toBe(4 * options.clientsPerKind)
  await browser.finish()
})

it('invariants 1, 2, 3, 5 and 9: behind a gateway, the sessions of a killed replica are at another one at once', async () => {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, options)
  await using browser = await startBrowserLoad(cluster.door)
  for (const replica of cluster.replicas) {
    const kill = await killReplica(cluster, replica)
    console.info('killed behind a gateway', kill)
    // A quiet machine needs half a second at most (test/soak/gateway-kill.test.ts).
    expect(kill.shareWithin(5)).toBeGreaterThanOrEqual(0.99)
    expect(kill.forgottenMs).toBeLessThanOrEqual(5_000)
    await cluster.startReplica()
    await cluster.load.received(PART_MESSAGES)
  }
  const { violations, ...result } = await cluster.load.finish()
  console.info('kills behind a gateway', result)
  expect(violations).toEqual([])
  // A push that was under way to the replica that died: nobody knows; repeated with its id, it is stored once.
  expect(Object.keys(result.refusals).filter((code) => code !== 'OUTCOME_UNKNOWN')).toEqual([])
  expect(result.attempts).toBe(4 * options.clientsPerKind)
  await browser.finish()
})
