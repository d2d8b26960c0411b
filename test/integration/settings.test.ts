import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  CONFIGURE,
  configure,
  settingsConformance,
  settingsOf,
  startTwoReplicas,
} from '../support/conformance/settings.ts'
import { startTestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest, PUSH, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'
import { type Standalone, startStandalone } from '../support/redis-kinds.ts'

/** Settings that are changed at one replica and have their effect at another. Each test has a cluster of its own. */

const POLL = { timeout: 20_000, interval: 20 }

let redis: Standalone
let client: Redis

beforeAll(async () => {
  redis = await startStandalone()
  client = new Redis(redis.url)
})

afterAll(async () => {
  client?.disconnect()
  await redis?.[Symbol.asyncDispose]()
})

const LISTEN = 'subscription { messages(identifiers: ["second"]) { id } }'

settingsConformance('redis', () => redis)

test('without Redis a change is refused and the settings stay; when it is back, what it kept is in force', async () => {
  await using ownRedis = await startRedis({ appendOnly: true })
  await using gateway = await startTestGateway({ redis: ownRedis.url })
  await graphqlRequest(gateway, CONFIGURE, { input: { drainSeconds: 4 } })
  await ownRedis.stop()
  const refused = await graphqlRequest(gateway, CONFIGURE, { input: { drainSeconds: 5 } })
  expect(codesOf(refused)).toEqual(['BROKER_UNAVAILABLE'])
  expect(await settingsOf(gateway)).toMatchObject({ drainSeconds: 4 })
  await ownRedis.restart()
  await expect
    .poll(
      async () => codesOf(await graphqlRequest(gateway, CONFIGURE, { input: { resumeSeconds: 9 } })),
      POLL,
    )
    .toEqual([])
  expect(await settingsOf(gateway)).toMatchObject({ drainSeconds: 4, resumeSeconds: 9 })
})

test('a replica that is alone is configured too', async () => {
  await using gateway = await startTestGateway()
  await graphqlRequest(gateway, CONFIGURE, { input: { maxPayloadBytes: 4 } })
  const answer = await graphqlRequest(gateway, PUSH, { input: { to: ['alice'], payload: 'long' } })
  expect(codesOf(answer)).toEqual(['PAYLOAD_TOO_LARGE'])
})

test('retentionMessages and retentionSeconds: an inbox keeps as much as is configured', async () => {
  await using two = await startTwoReplicas(redis)
  const kept = async () => {
    const { data } = await graphqlRequest<{ inbox: { payload: unknown }[] }>(
      two.b,
      '{ inbox(identifier: "alice") { payload } }',
    )
    return data?.inbox.map(({ payload }) => payload)
  }
  for (let n = 1; n <= 5; n++) await push(two.b, { to: ['alice'], payload: n })
  expect(await kept()).toEqual([1, 2, 3, 4, 5])
  await configure(two, { retentionMessages: 2 })
  expect(await kept()).toEqual([4, 5])
  await configure(two, { retentionSeconds: 1 })
  await expect.poll(kept, POLL).toEqual([])
  await push(two.b, { to: ['alice'], payload: 6 })
  expect(await kept()).toEqual([6])
  await expect.poll(kept, POLL).toEqual([])
})

test('resumeSeconds: a subscription that stays away for longer begins anew', async () => {
  await using two = await startTwoReplicas(redis)
  const id = randomUUID()
  const to = ['alice']
  const leave = async () => {
    const client_ = await RawClient.connect(two.b)
    await client_.subscribe(id, to)
    await client_[Symbol.asyncDispose]()
    await untilOffline(two.b, 'alice')
    await push(two.b, { to, payload: 'while away' })
  }
  await leave()
  {
    await using again = await RawClient.connect(two.b)
    await again.subscribe(id, to)
    expect(await again.nextMessage(id)).toMatchObject({ payload: 'while away' })
  }
  await untilOffline(two.b, 'alice')
  await configure(two, { resumeSeconds: 1 })
  await leave()
  await expect.poll(() => client.keys(`${two.prefix}:*:resume:*`), POLL).toEqual([])
  await using anew = await RawClient.connect(two.b)
  await anew.subscribe(id, to)
  await anew.fence()
  expect(anew.left(id)).toEqual([])
})

test('idleTimeoutSeconds: a session that lives already is evicted after the new time', async () => {
  await using two = await startTwoReplicas(redis)
  await using silent = await RawClient.connect(two.b, { autoPong: false, echo: false })
  await configure(two, { idleTimeoutSeconds: 1 })
  expect((await silent.closed()).code).toBe(4410)
})

test('connectionRatePerSecond: what comes faster is accepted, and closed with 1013 once it is known to be new', async () => {
  await using two = await startTwoReplicas(redis)
  await configure(two, { connectionRatePerSecond: 1 })
  await using first = await RawClient.connect(two.b)
  await first.subscribe('1', ['first'])
  await using second = await RawClient.connect(two.b)
  second.send({ id: '1', type: 'subscribe', payload: { query: LISTEN } })
  expect((await second.closed()).code).toBe(1013)
  const metrics = await (await fetch(`${two.b.url}/metrics`)).text()
  expect(metrics).toContain('\ncloudpush_connections_refused_total 1\n')
  await configure(two, { connectionRatePerSecond: 0 })
  await using third = await RawClient.connect(two.b)
  await third.subscribe('1', ['third'])
})

test('drainSeconds: a replica that stops takes as long as is configured', async () => {
  await using two = await startTwoReplicas(redis)
  await configure(two, { drainSeconds: 1 })
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(two.b)))
  const began = performance.now()
  await two.b.replica.stop()
  // Its flag says 30 seconds.
  expect(performance.now() - began).toBeLessThan(20_000)
  for (const each of clients) expect((await each.closed()).code).toBe(1012)
})

test('maxPayloadBytes: a larger payload is refused, and says how large one may be', async () => {
  await using two = await startTwoReplicas(redis)
  await configure(two, { maxPayloadBytes: 10 })
  const answer = await graphqlRequest(two.b, PUSH, { input: { to: ['alice'], payload: '123456789' } })
  expect(codesOf(answer)).toEqual(['PAYLOAD_TOO_LARGE'])
  expect(answer.errors?.[0]?.extensions).toMatchObject({ bytes: 11, maxPayloadBytes: 10 })
  await push(two.b, { to: ['alice'], payload: '12345678' })
})

test('pushRatePerSecond: who pushes more often is told when to try again, over HTTP and WebSocket, and is then served', async () => {
  await using two = await startTwoReplicas(redis)
  await configure(two, { pushRatePerSecond: 2 })
  const input = { to: ['alice'], payload: 1 }
  await using socket = await RawClient.connect(two.b)
  // What is wrong with a push is told whatever the rate, and does not count.
  const wrong = await graphqlRequest(two.b, PUSH, { input: { to: [], payload: 1 } })
  expect(codesOf(wrong)).toEqual(['BAD_USER_INPUT'])
  // Both come from one address: the first two are taken at once, and of eight that follow in haste not all.
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      n % 2 ? graphqlRequest(two.b, PUSH, { input }) : socket.request(`push ${n}`, PUSH, { input }),
    ),
  )
  const refused = answers.filter(({ errors }) => errors)
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(2)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) {
    expect(codesOf(answer)).toEqual(['RATE_LIMITED'])
    const wait = answer.errors?.[0]?.extensions?.['retryAfterMs']
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(500)
  }
  await expect.poll(async () => codesOf(await graphqlRequest(two.b, PUSH, { input })), POLL).toEqual([])
  await configure(two, { pushRatePerSecond: 0 })
  for (let n = 0; n < 10; n++) await push(two.b, input)
})
