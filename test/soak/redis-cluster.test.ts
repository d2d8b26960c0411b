import { expect, test } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { slotOf } from '../../src/broker/redis/slots.ts'
import { createClusterKeys } from '../../src/cluster/redis/keys.ts'
import { startGatewayProcess } from '../support/gateway.ts'
import { LoadRun } from '../support/load-run.ts'
import { type ClusterNode, type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'

const PART_MESSAGES = 1_000 // somewhat more than a second of load
const MOVED_BACK_AND_FORTH = 8 // slots
const ROUNDS = 2
/** From the end of a slot's move until a push to each of its inboxes is accepted. */
const BACK_WITHIN_MS = 2_000
const keys = createKeys('cp', 'cluster')
const registry = slotOf(createClusterKeys('cp').replicas)

/** For a machine that does nothing else. */
test('invariants 1, 2, 3: slots with live inboxes, and that of the registry, are moved back and forth under load, and nobody notices', async () => {
  await using redis = await startRedisCluster()
  const slots = keys.partitions.slice(0, MOVED_BACK_AND_FORTH).map((partition) => keys.slotOf(partition))
  await underLoad(redis, async (load) => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const slot of [registry, ...slots]) {
        const home = await redis.masterOf(slot)
        await load.move(slot, await anotherThan(redis, home))
        await load.run.received(PART_MESSAGES / 10)
        await load.move(slot, home)
      }
      await load.run.received(PART_MESSAGES)
    }
  })
})

/** For a machine that does nothing else. */
test('invariants 1, 2, 3: a master is added under load and gets a quarter of the inboxes, and nobody notices', async () => {
  await using redis = await startRedisCluster()
  await underLoad(redis, async (load) => {
    await load.run.received(PART_MESSAGES)
    const node = await redis.addMaster()
    for (const partition of keys.partitions.filter((_, index) => index % 4 === 0)) {
      await load.move(keys.slotOf(partition), node)
    }
    await load.run.received(3 * PART_MESSAGES)
    expect(await node.client.dbsize()).toBeGreaterThan(0)
  })
})

interface Moves {
  readonly run: LoadRun
  /** Resolves when pushes to the inboxes of the slot are accepted again. */
  move(slot: number, to: ClusterNode): Promise<void>
}

/** Nothing may be refused, repeated or told as missed: no server is lost. */
async function underLoad(redis: RedisCluster, act: (moves: Moves) => Promise<void>): Promise<void> {
  const args = ['--redis', redis.url, '--write-quorum', '1', '--log-level', 'error']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  await using run = await LoadRun.start({
    clientUrls: [first.wsUrl, second.wsUrl],
    replicas: [first, second],
    clientsPerKind: 20,
    pushesPerSecond: 400,
  })
  const times = { moves: 0, longestMoveMs: 0, longestUntilAcceptedMs: 0 }
  await run.received(PART_MESSAGES)
  await act({
    run,
    async move(slot, to) {
      const begun = Date.now()
      await redis.migrate(slot, to)
      const movedAt = Date.now()
      const there = run.identifiers.filter((identifier) => keys.slotOf(keys.partitionOf(identifier)) === slot)
      const backAt = await run.acceptedAfter(movedAt, there)
      times.moves++
      times.longestMoveMs = Math.max(times.longestMoveMs, movedAt - begun)
      times.longestUntilAcceptedMs = Math.max(
        times.longestUntilAcceptedMs,
        ...backAt.map((at) => at - movedAt),
      )
    },
  })
  const { violations, ...result } = await run.finish()
  console.info('slots moved under load', { ...times, ...result })
  expect(violations).toEqual([])
  expect(result).toMatchObject({ refusals: {}, unanswered: 0, reconnects: 0, repeats: 0, lossesTold: 0 })
  expect(times.longestUntilAcceptedMs).toBeLessThan(BACK_WITHIN_MS)
  expect(first.output() + second.output()).not.toContain('the lease may have ended')
}

async function anotherThan(redis: RedisCluster, node: ClusterNode): Promise<ClusterNode> {
  for (const partition of keys.partitions) {
    const master = await redis.masterOf(keys.slotOf(partition))
    if (master !== node) return master
  }
  throw new Error('there is one master only')
}
