import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createClusterKeys } from '../../src/cluster/redis/keys.ts'
import { MINUTE_MS } from '../../src/cluster/statistics.ts'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { openStatisticsWorld, sharedStatisticsConformance } from '../support/conformance/shared-statistics.ts'
import { EMPTY, statisticsConformance } from '../support/conformance/statistics.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'
import { type Standalone, startStandalone } from '../support/redis-kinds.ts'

let redis: Standalone
beforeAll(async () => {
  redis = await startStandalone()
})
afterAll(() => redis?.[Symbol.asyncDispose]())

const createWorld = () => openStatisticsWorld(redis)

statisticsConformance('Redis', createWorld)
sharedStatisticsConformance('Redis', createWorld)

test('a minute and a batch number expire in Redis, and an empty batch keeps nothing', async () => {
  await using world = await createWorld()
  const statistics = world.open('a')
  await statistics.add(1, EMPTY)
  const client = new Redis(redis.url)
  try {
    const keys = createClusterKeys(world.prefix)
    expect(await client.keys(`${world.prefix}*`)).toEqual([keys.statisticsBatch('a')])
    await statistics.add(2, { ...EMPTY, sent: 1 })
    const names = await client.keys(`${world.prefix}*`)
    expect(names).toHaveLength(2)
    for (const name of names) {
      expect(await client.ttl(name)).toBeGreaterThan(86_000)
      expect(await client.ttl(name)).toBeLessThanOrEqual(90_000)
    }
  } finally {
    client.disconnect()
  }
})

test('a minute that ended long ago is read once', async () => {
  await using world = await createWorld()
  const statistics = world.open('a')
  await statistics.add(1, EMPTY)
  const old = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 10 * MINUTE_MS
  const client = new Redis(redis.url)
  try {
    const key = createClusterKeys(world.prefix).statistics(old)
    await client.hset(key, 'sent', 5, 'l20', 2)
    const at = async () => (await statistics.read(20)).find(({ startedAt }) => startedAt === old)
    expect(await at()).toMatchObject({ sent: 5, latencyMs: new Map([[20, 2]]) })
    await client.del(key)
    expect(await at()).toMatchObject({ sent: 5 })
  } finally {
    client.disconnect()
  }
})

const STATISTICS = `query Statistics($lastMinutes: Int) {
  statistics(lastMinutes: $lastMinutes) {
    deliveryRate deliveryLatencyMs { p50 p90 p99 } sessionSeconds { p50 p90 p99 }
    now { pushesPerSecond sentPerSecond deliveredPerSecond }
    minutes { minute pushes sent delivered acknowledged sessionsOpened sessionsClosed deliveryRate deliveryLatencyMs { p99 } }
  }
}`

interface StatisticsAnswer {
  readonly deliveryRate: number
  readonly deliveryLatencyMs: { readonly p50: number; readonly p90: number; readonly p99: number }
  readonly sessionSeconds: { readonly p50: number; readonly p99: number }
  readonly minutes: readonly Record<string, number>[]
}

async function read(gateway: TestGateway, lastMinutes = 60): Promise<StatisticsAnswer> {
  const { data } = await graphqlRequest<{ statistics: StatisticsAnswer }>(gateway, STATISTICS, {
    lastMinutes,
  })
  if (!data) throw new Error('no statistics')
  return data.statistics
}

const total = ({ minutes }: StatisticsAnswer, name: string) =>
  minutes.reduce((sum, minute) => sum + (minute[name] as number), 0)

const NAMES = ['pushes', 'sent', 'delivered', 'acknowledged', 'sessionsOpened', 'sessionsClosed']

test('before anything was sent the delivery rate is 1, and as many minutes come as were asked for', async () => {
  await using gateway = await startTestGateway()
  const statistics = await read(gateway, 5)
  expect(statistics).toMatchObject({ deliveryRate: 1, deliveryLatencyMs: { p50: 0, p90: 0, p99: 0 } })
  expect(statistics.minutes).toHaveLength(5)
})

test.each([0, -1, 1_441])('lastMinutes %d is refused', async (lastMinutes) => {
  await using gateway = await startTestGateway()
  expect(codesOf(await graphqlRequest(gateway, STATISTICS, { lastMinutes }))).toEqual(['BAD_USER_INPUT'])
})

test.each(['embedded', 'Redis'])('%s: pushes, messages, receipts and sessions are counted', async (store) => {
  const options = store === 'Redis' ? { redis: redis.url, redisPrefix: `test-${randomUUID()}` } : {}
  await using gateway = await startTestGateway(options)
  await using first = await RawClient.connect(gateway)
  await using silent = await RawClient.connect(gateway, { echo: false, autoPong: false })
  await first.subscribe('1', ['alice'])
  await silent.subscribe('1', ['alice', 'bob'])
  await push(gateway, { to: ['alice'], payload: 1, id: 'one' })
  await push(gateway, { to: ['alice'], payload: 1, id: 'one' })
  await push(gateway, { to: ['bob'], payload: 2 })
  await first.nextMessage('1')
  await silent.nextMessage('1')
  await silent.nextMessage('1')
  const acknowledge = 'mutation { acknowledge(messageId: "one", identifier: "alice") }'
  expect((await graphqlRequest(gateway, acknowledge)).data).toEqual({ acknowledge: true })
  silent.socket.terminate()
  await silent.closed()
  await vi.waitFor(
    async () => {
      const statistics = await read(gateway)
      expect(NAMES.map((name) => total(statistics, name))).toEqual([2, 3, 1, 1, 2, 1])
    },
    { timeout: EVENT_LIMIT_MS, interval: 50 },
  )
  const { deliveryRate, deliveryLatencyMs, sessionSeconds } = await read(gateway)
  expect(deliveryRate).toBeCloseTo(1 / 3, 5)
  expect(deliveryLatencyMs.p50).toBeGreaterThan(0)
  expect(deliveryLatencyMs.p99).toBeLessThan(EVENT_LIMIT_MS)
  expect(sessionSeconds.p99).toBeGreaterThan(0)
})

test('what a client missed while it was away counts as delivered, and not as slow', async () => {
  await using gateway = await startTestGateway()
  const operation = randomUUID()
  const first = await RawClient.connect(gateway)
  await first.subscribe(operation, ['alice'])
  first.socket.terminate()
  await first.closed()
  await push(gateway, { to: ['alice'], payload: 1 })
  await using second = await RawClient.connect(gateway)
  await second.subscribe(operation, ['alice'])
  await second.nextMessage(operation)
  await vi.waitFor(async () => expect(total(await read(gateway), 'delivered')).toBe(1), {
    timeout: EVENT_LIMIT_MS,
    interval: 50,
  })
  expect((await read(gateway)).deliveryLatencyMs.p99).toBe(0)
})

test('as a subscription they come at once, and again with what happened since', async () => {
  await using gateway = await startTestGateway()
  await using client = await RawClient.connect(gateway)
  const query = 'subscription { statistics(lastMinutes: 2) { minutes { pushes } now { pushesPerSecond } } }'
  client.send({ type: 'subscribe', id: 's', payload: { query } })
  const pushes = async () => {
    const { payload } = await client.expect('next')
    const { data } = payload as { data: { statistics: { minutes: { pushes: number }[] } } }
    return data.statistics.minutes.reduce((sum, minute) => sum + minute.pushes, 0)
  }
  expect(await pushes()).toBe(0)
  await push(gateway, { to: ['alice'], payload: 1 })
  await vi.waitFor(async () => expect(await pushes()).toBe(1), { timeout: EVENT_LIMIT_MS })
})

test('while Redis is away nothing counted is lost, and nothing counts twice', async () => {
  await using own = await startRedis({ appendOnly: true })
  await using gateway = await startTestGateway({ redis: own.url })
  await using client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 1 })
  await client.nextMessage('1')
  // Whether the batch under way was taken or not is unknown to the replica.
  own.pause()
  await using during = await RawClient.connect(gateway)
  await own.restart()
  const both = async () => {
    const statistics = await read(gateway)
    expect(['pushes', 'sent', 'delivered', 'sessionsOpened'].map((name) => total(statistics, name))).toEqual([
      1, 1, 1, 2,
    ])
  }
  await vi.waitFor(both, { timeout: EVENT_LIMIT_MS, interval: 100 })
  await during[Symbol.asyncDispose]()
  await vi.waitFor(async () => expect(total(await read(gateway), 'sessionsClosed')).toBe(1), {
    timeout: EVENT_LIMIT_MS,
    interval: 100,
  })
  await both()
})

test('of an interval of 0 nothing is added, not even at the end; another replica of the cluster adds its own', async () => {
  const redisPrefix = `test-${randomUUID()}`
  await using other = await startTestGateway({ redis: redis.url, redisPrefix })
  {
    await using silent = await startTestGateway({ redis: redis.url, redisPrefix, statisticsSeconds: 0 })
    await push(silent, { to: ['alice'], payload: 1 })
    await push(other, { to: ['alice'], payload: 2 })
    await vi.waitFor(async () => expect(total(await read(silent), 'pushes')).toBe(1), {
      timeout: EVENT_LIMIT_MS,
      interval: 50,
    })
  }
  expect(total(await read(other), 'pushes')).toBe(1)
})
