import { randomUUID } from 'node:crypto'
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
import { startCluster, startSentinels } from '../support/redis-kinds.ts'

const LIMIT = { timeout: 60_000, interval: 50 }

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
    const { inbox } = createKeys('cp', redis.layout)
    const key = inbox('alice')
    // In the same slot.
    await stopCopying(await redis.masterOf(key), `${key}:last`)
    await pushAll(pusher, 'alice', LOST)
    expect(payloads(await receive(client, 'live', 6))).toEqual([...OLD, ...LOST])
    await redis.failOver(key)
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
