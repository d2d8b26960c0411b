import { expect } from 'vitest'
import { startBrowserLoad } from './browser-load.ts'
import {
  type Kill,
  killReplica,
  type LoadedCluster,
  RehomingRate,
  readDoor,
  startLoadedCluster,
} from './gateway-cluster.ts'
import type { LoadResult } from './load-run.ts'
import { startRedis } from './redis.ts'

const OPTIONS = { clientsPerKind: 150, drainSeconds: 3 } // 600 of the four kinds

export interface RestartOptions {
  /** How much load there is between two restarts. */
  readonly partMessages: number
}

/** All replicas behind a gateway are restarted, one by one, by SIGTERM. Fails unless no client notices anything. */
export async function restartBehindGateway({ partMessages }: RestartOptions): Promise<LoadResult> {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, OPTIONS)
  const { replicas, startReplica, door, rowOf, load } = cluster
  await using browser = await startBrowserLoad(door)
  await load.received(partMessages)
  for (const replica of replicas) {
    const { sessions } = await rowOf(replica)
    using rate = new RehomingRate(door)
    replica.kill('SIGTERM')
    await replica.exited
    expect(rate.most).toBeGreaterThan(0)
    expect(rate.most).toBeLessThanOrEqual((1.5 * sessions) / OPTIONS.drainSeconds)
    await startReplica()
    await load.received(partMessages)
  }
  const result = await load.finish()
  const { violations, refusals, attempts } = result
  console.info('rolling restart behind a gateway', result, await readDoor(door))
  expect(violations).toEqual([])
  expect(refusals).toEqual({})
  expect(attempts).toBe(4 * OPTIONS.clientsPerKind)
  await browser.finish()
  return result
}

export interface KillOptions extends RestartOptions {
  /** Before each death. */
  readonly prepare?: (cluster: LoadedCluster) => Promise<void>
  /** The death, and what became of the sessions. */
  readonly check: (kill: Kill) => void
}

/** The same by SIGKILL. */
export async function killBehindGateway(options: KillOptions): Promise<LoadResult> {
  await using redis = await startRedis()
  await using cluster = await startLoadedCluster(redis, OPTIONS)
  await using browser = await startBrowserLoad(cluster.door)
  for (const replica of cluster.replicas) {
    await options.prepare?.(cluster)
    const kill = await killReplica(cluster, replica)
    console.info('killed behind a gateway', kill)
    expect(kill.forgottenMs).toBeLessThanOrEqual(5_000)
    options.check(kill)
    await cluster.startReplica()
    await cluster.load.received(options.partMessages)
  }
  const result = await cluster.load.finish()
  const { violations, refusals, attempts } = result
  console.info('kills behind a gateway', result)
  expect(violations).toEqual([])
  // A push that was under way to the replica that died: nobody knows; repeated with its id, it is stored once.
  expect(Object.keys(refusals).filter((code) => code !== 'OUTCOME_UNKNOWN')).toEqual([])
  expect(attempts).toBe(4 * OPTIONS.clientsPerKind)
  await browser.finish()
  return result
}
