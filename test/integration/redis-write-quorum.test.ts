import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { createKeys } from '../../src/broker/redis/keys.ts'
import type { CloudpushError } from '../../src/errors.ts'
import { attach, Ear, LIMITS, newPush, type Replica, range } from '../support/conformance/broker/world.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'

const LIMIT = { timeout: 30_000, interval: 50 }
const START = { epoch: '', offset: 0 }

let master: RedisServer
let copy: RedisServer
let asker: Redis

beforeEach(async () => {
  master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
  copy = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
  asker = new Redis(master.url)
  // From its first acknowledgement on a replica is asked to give more.
  await asker.set('first', '1')
  await vi.waitUntil(async () => (await asker.wait(1, 100)) === 1, LIMIT)
})

afterEach(async () => {
  asker.disconnect()
  await copy[Symbol.asyncDispose]()
  await master[Symbol.asyncDispose]()
})

async function openReplica(url: string, writeQuorum: number): Promise<Replica & AsyncDisposable> {
  const broker = createRedisBroker({ url, prefix: 'quorum', replicaId: 'a', limits: LIMITS, writeQuorum })
  const ear = new Ear()
  await vi.waitUntil(() => listens(), LIMIT)
  return { id: 'a', broker, ear, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() }

  function listens() {
    return broker.listen(ear).then(
      () => true,
      () => false,
    )
  }
}

const waits = async (client: Redis) =>
  Number(/cmdstat_wait:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)

test('a push that too few replicas have in time is not accepted, says so, and is stored once when it is repeated', async () => {
  await using a = await openReplica(master.url, 1)
  await attach(a, 'alice')
  await a.broker.publish(newPush('alice'))
  copy.pause()
  for (const push of [newPush('alice'), newPush('bob', { delaySeconds: 3_600 })]) {
    const begun = performance.now()
    const refused = a.broker.publish(push)
    // Others do not wait for the replicas.
    expect((await a.broker.read('alice', START, 10)).messages).not.toEqual([])
    await expect(refused).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringContaining('with the same id'),
      details: { pushId: push.id, stored: true, replicas: 0, writeQuorum: 1 },
    })
    expect(performance.now() - begun).toBeLessThan(2_000)
    // A repeat promises no more than the first one did, on whichever connection it comes.
    await asker.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    const stored = (error: CloudpushError) => error.details['stored'] === true
    await vi.waitUntil(() => a.broker.publish(push).then(() => expect.unreachable(), stored), LIMIT)
    copy.resume()
    const accepted = () => a.broker.publish(push).catch(() => null)
    const answer = await vi.waitUntil(accepted, LIMIT)
    expect(answer).toMatchObject({ duplicate: true, accepted: 1 })
    copy.pause()
  }
  copy.resume()
  expect((await a.broker.read('alice', START, 10)).messages).toHaveLength(2)
})

test('pushes that come together share the wait for the replicas', async () => {
  await using a = await openReplica(master.url, 1)
  const before = await waits(asker)
  const count = 2_000
  await Promise.all(range(1, count).map((n) => a.broker.publish(newPush(`device:${n}`))))
  expect((await waits(asker)) - before).toBeLessThan(count / 10)
})

test('more replicas than there are: every push is refused with the number that has it', async () => {
  await using a = await openReplica(master.url, 2)
  await expect(a.broker.publish(newPush('alice'))).rejects.toMatchObject({
    details: { stored: true, replicas: 1, writeQuorum: 2 },
  })
})

test('on a Cluster each master’s own replicas confirm', async () => {
  await using redis = await startRedisCluster()
  await using a = await openReplica(redis.url, 1)
  const { partitionOf } = createKeys('quorum', 'cluster')
  const everywhere = new Map(range(1, 1_000).map((n) => [partitionOf(`device:${n}`), `device:${n}`]))
  const push = newPush([...everywhere.values()])
  expect(await a.broker.publish(push)).toMatchObject({ accepted: 64, duplicate: false })
  const counts = await Promise.all(redis.nodes.map(({ client }) => waits(client)))
  expect(counts.filter((count) => count > 0)).toHaveLength(3)
  // The replica of one of them is away: only what that master stores is refused.
  const { server } = await replicaOfSome(redis.nodes.map(({ client, server }) => ({ client, server })))
  server.pause()
  const results = await Promise.allSettled(
    [...everywhere.values()].map((to) => a.broker.publish(newPush(to))),
  )
  server.resume()
  const refused = results.filter(({ status }) => status === 'rejected').length
  expect(refused).toBeGreaterThan(10)
  expect(refused).toBeLessThan(54)
})

async function replicaOfSome<T extends { readonly client: Redis }>(nodes: readonly T[]): Promise<T> {
  for (const node of nodes) {
    if ((await node.client.info('replication')).includes('role:slave')) return node
  }
  throw new Error('there is no replica')
}
