import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SettingsChange } from '../../src/config/live-settings.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest, PUSH, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** Settings that are changed at one replica and have their effect at another. Each test has a cluster of its own. */

const POLL = { timeout: 20_000, interval: 20 }
const FIELDS = `retentionSeconds retentionMessages resumeSeconds idleTimeoutSeconds drainSeconds maxPayloadBytes
  connectionRatePerSecond pushRatePerSecond`
const DEFAULTS = {
  retentionSeconds: 3_600,
  retentionMessages: 1_000,
  resumeSeconds: 3_600,
  idleTimeoutSeconds: 60,
  drainSeconds: 30,
  maxPayloadBytes: 65_536,
  connectionRatePerSecond: 0,
  pushRatePerSecond: 0,
}

let redis: RedisServer
let client: Redis

beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})

afterAll(async () => {
  client?.disconnect()
  await redis?.[Symbol.asyncDispose]()
})

interface Two extends AsyncDisposable {
  readonly prefix: string
  readonly a: TestGateway
  readonly b: TestGateway
}

async function twoReplicas(): Promise<Two> {
  const prefix = `test-${randomUUID()}`
  const config = { redis: redis.url, redisPrefix: prefix }
  const [a, b] = await Promise.all([startTestGateway(config), startTestGateway(config)])
  return {
    prefix,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
    },
  }
}

const LISTEN = 'subscription { messages(identifiers: ["second"]) { id } }'
const CONFIGURE = `mutation Configure($input: SettingsInput!) { configure(input: $input) { ${FIELDS} } }`

/** Null in a change is what a client sends that leaves a field empty. */
type Input = { readonly [Name in keyof SettingsChange]: number | null }

const settingsOf = async (gateway: TestGateway) =>
  (await graphqlRequest<{ settings: typeof DEFAULTS }>(gateway, `{ settings { ${FIELDS} } }`)).data?.settings

/** Changes settings at one replica and waits until they are in force at the other. */
async function configure({ a, b }: Two, input: Input): Promise<void> {
  const { data, errors } = await graphqlRequest<{ configure: object }>(a, CONFIGURE, { input })
  if (!data) throw new Error(JSON.stringify(errors))
  expect(data.configure).toMatchObject(input)
  await expect.poll(() => settingsOf(b), POLL).toMatchObject(input)
}

test('a change is in force at once where it was made, and then everywhere; null leaves a setting as it is', async () => {
  await using two = await twoReplicas()
  expect(await settingsOf(two.b)).toEqual(DEFAULTS)
  const { data } = await graphqlRequest(two.a, CONFIGURE, {
    input: { retentionSeconds: 60, drainSeconds: 0, resumeSeconds: null },
  })
  const changed = { ...DEFAULTS, retentionSeconds: 60, drainSeconds: 0 }
  expect(data).toEqual({ configure: changed })
  expect(await settingsOf(two.a)).toEqual(changed)
  await expect.poll(() => settingsOf(two.b), POLL).toEqual(changed)
  // Another one, made elsewhere, adds to it.
  await graphqlRequest(two.b, CONFIGURE, { input: { pushRatePerSecond: 7 } })
  await expect.poll(() => settingsOf(two.a), POLL).toEqual({ ...changed, pushRatePerSecond: 7 })
})

test('whoever subscribes to the settings is told them at once, and of each change', async () => {
  await using two = await twoReplicas()
  await using watcher = await RawClient.connect(two.b)
  const query = `subscription { settings { ${FIELDS} } }`
  watcher.send({ id: '1', type: 'subscribe', payload: { query } })
  expect((await watcher.expect('next', '1')).payload).toEqual({ data: { settings: DEFAULTS } })
  await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 99 } })
  expect((await watcher.expect('next', '1')).payload).toEqual({
    data: { settings: { ...DEFAULTS, maxPayloadBytes: 99 } },
  })
  // What is as it was is no change.
  await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 99 } })
  await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 100 } })
  expect((await watcher.expect('next', '1')).payload).toMatchObject({
    data: { settings: { maxPayloadBytes: 100 } },
  })
})

test('what cannot be is refused with every value named, and nothing is changed', async () => {
  await using two = await twoReplicas()
  const input = { retentionSeconds: 0, drainSeconds: 5, maxPayloadBytes: 2_000_000, pushRatePerSecond: -1 }
  const answer = await graphqlRequest(two.a, CONFIGURE, { input })
  expect(codesOf(answer)).toEqual(['BAD_USER_INPUT'])
  expect(answer.errors?.[0]?.message).toBe(
    'input.retentionSeconds must be a whole number from 1 to 31622400; it is 0. ' +
      'input.maxPayloadBytes must be a whole number from 1 to 1048576; it is 2000000. ' +
      'input.pushRatePerSecond must be a whole number from 0 to 1000000; it is -1.',
  )
  expect(answer.errors?.[0]?.extensions?.['arguments']).toEqual([
    'input.retentionSeconds',
    'input.maxPayloadBytes',
    'input.pushRatePerSecond',
  ])
  expect(codesOf(await graphqlRequest(two.a, CONFIGURE, { input: { drainSeconds: 1.5 } }))).toEqual([
    'BAD_USER_INPUT',
  ])
  expect(await settingsOf(two.a)).toEqual(DEFAULTS)
})

test('two changes at the same time: all replicas end with the same settings', async () => {
  await using two = await twoReplicas()
  const changes = Array.from({ length: 40 }, (_, n) =>
    graphqlRequest(n % 2 ? two.a : two.b, CONFIGURE, {
      input: n % 3 ? { drainSeconds: n } : { drainSeconds: n, retentionMessages: n + 1 },
    }),
  )
  for (const answer of await Promise.all(changes)) expect(answer.errors).toBeUndefined()
  const stored = await client.hgetall(`${two.prefix}:{registry}:settings`)
  const expected = { drainSeconds: Number(stored['drainSeconds']), retentionMessages: expect.any(Number) }
  for (const gateway of [two.a, two.b]) {
    await expect.poll(() => settingsOf(gateway), POLL).toMatchObject(expected)
  }
  expect(await settingsOf(two.a)).toEqual(await settingsOf(two.b))
})

test('what was configured is stronger than flags, for a replica that starts later as well; what was not is the flag’s', async () => {
  await using two = await twoReplicas()
  await configure(two, { drainSeconds: 3 })
  await using later = await startTestGateway({
    redis: redis.url,
    redisPrefix: two.prefix,
    drainSeconds: 9,
    maxPayloadBytes: 77,
  })
  expect(await settingsOf(later)).toEqual({ ...DEFAULTS, drainSeconds: 3, maxPayloadBytes: 77 })
})

test('a replica that could not hear of a change reads it within a second, and leaves what it does not understand', async () => {
  await using two = await twoReplicas()
  // Nobody is told of this.
  await client.hset(`${two.prefix}:{registry}:settings`, {
    drainSeconds: 4,
    retentionSeconds: 'soon',
    ofAnotherVersion: 1,
  })
  for (const gateway of [two.a, two.b]) {
    await expect.poll(() => settingsOf(gateway), POLL).toEqual({ ...DEFAULTS, drainSeconds: 4 })
  }
  // What is taken out of the store is the flag's again.
  await client.hdel(`${two.prefix}:{registry}:settings`, 'drainSeconds')
  await expect.poll(() => settingsOf(two.b), POLL).toEqual(DEFAULTS)
})

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
  await using two = await twoReplicas()
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
  await using two = await twoReplicas()
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
  await using two = await twoReplicas()
  await using silent = await RawClient.connect(two.b, { autoPong: false, echo: false })
  await configure(two, { idleTimeoutSeconds: 1 })
  expect((await silent.closed()).code).toBe(4410)
})

test('connectionRatePerSecond: what comes faster is accepted, and closed with 1013 once it is known to be new', async () => {
  await using two = await twoReplicas()
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
  await using two = await twoReplicas()
  await configure(two, { drainSeconds: 1 })
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(two.b)))
  const began = performance.now()
  await two.b.replica.stop()
  // Its flag says 30 seconds.
  expect(performance.now() - began).toBeLessThan(20_000)
  for (const each of clients) expect((await each.closed()).code).toBe(1012)
})

test('maxPayloadBytes: a larger payload is refused, and says how large one may be', async () => {
  await using two = await twoReplicas()
  await configure(two, { maxPayloadBytes: 10 })
  const answer = await graphqlRequest(two.b, PUSH, { input: { to: ['alice'], payload: '123456789' } })
  expect(codesOf(answer)).toEqual(['PAYLOAD_TOO_LARGE'])
  expect(answer.errors?.[0]?.extensions).toMatchObject({ bytes: 11, maxPayloadBytes: 10 })
  await push(two.b, { to: ['alice'], payload: '12345678' })
})

test('pushRatePerSecond: who pushes more often is told when to try again, over HTTP and WebSocket, and is then served', async () => {
  await using two = await twoReplicas()
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
