import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { startGatewayProcess } from '../support/gateway.ts'
import {
  expectNew,
  LOST,
  missed,
  NEW,
  OLD,
  payloads,
  pushAll,
  receive,
  stopCopying,
} from '../support/lost-tail.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'
import { startWatchedRedis } from '../support/redis-sentinel.ts'

const LIMIT = { timeout: 60_000, interval: 50 }

interface Failing extends AsyncDisposable {
  readonly url: string
  /** Of the master that has alice's inbox, and a key there. */
  readonly masterClient: Redis
  readonly key: string
  failOver(): Promise<void>
}

async function startSentinels(): Promise<Failing> {
  return { ...(await startWatchedRedis()), key: 'last' }
}

async function startCluster(): Promise<Failing> {
  const redis = await startRedisCluster()
  const keys = createKeys('cp', 'cluster')
  const partition = keys.partitionOf('alice')
  const { client, server } = await redis.masterOf(keys.slotOf(partition))
  return {
    url: redis.url,
    masterClient: client,
    key: keys.due(partition).replace('due', 'last'),
    async failOver() {
      await server.kill()
      await redis.settled()
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

/** What test/integration/redis-lost-tail.test.ts shows where a replica is promoted by hand. */
test.each([
  ['Sentinels', startSentinels],
  ['a Cluster', startCluster],
])(
  'invariant 4: what a failover by %s loses is told to who had it and to who was away, and no new message is taken for it',
  async (_who, start) => {
    await using redis = await start()
    const args = ['--redis', redis.url, '--log-level', 'error']
    await using holder = await startGatewayProcess({ args })
    await using pusher = await startGatewayProcess({ args })
    await using client = await RawClient.connect(holder)
    await client.subscribe('live', ['alice'])
    const operation = randomUUID()
    await using away = await RawClient.connect(holder)
    await away.subscribe(operation, ['alice'])
    await pushAll(pusher, 'alice', OLD)
    await receive(away, operation, 3)
    await away.fence()
    away.socket.close(1000)
    await away.closed()
    await stopCopying(redis.masterClient, redis.key)
    await pushAll(pusher, 'alice', LOST)
    expect(payloads(await receive(client, 'live', 6))).toEqual([...OLD, ...LOST])
    await redis.failOver()
    await pushAll(pusher, 'alice', NEW)
    const now = await receive(client, 'live', 4)
    expect(payloads(now)).toEqual(NEW)
    expect(missed(now)).toEqual([null, 0, 0, 0])
    await vi.waitUntil(() => pusher.output().includes('Redis lost messages'), LIMIT)
    await using back = await RawClient.connect(pusher)
    await back.subscribe(operation, ['alice'])
    await expectNew(back, operation)
  },
)
