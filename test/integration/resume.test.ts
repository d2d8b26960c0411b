import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { attach, LIMITS, newPush, resumeKey, World } from '../support/conformance/broker/world.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient, type ReceivedMessage } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const RETAINED = 5

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

describe.each([
  ['the embedded broker', () => null],
  ['Redis', () => redis.url],
])('a subscription resumed by its operation id, on %s,', (_broker, redisUrl) => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway({ redis: redisUrl(), retentionMessages: RETAINED })
  })
  afterAll(() => gateway[Symbol.asyncDispose]())

  /** Subscribes, receives `0` and proves it, and loses its connection. */
  async function subscribeAndVanish(id: string, to: string): Promise<ReceivedMessage> {
    await using client = await RawClient.connect(gateway)
    await client.subscribe(id, [to])
    await push(gateway, { to: [to], payload: 0 })
    const message = await client.nextMessage(id)
    await client.expect('ping', undefined, ({ payload }) => Object.hasOwn(payload as object, 'ack'))
    await client.fence()
    client.socket.terminate()
    await untilOffline(gateway, to)
    return message
  }

  it('gets what it missed, unmarked where it cannot have had it, and goes on live', async () => {
    const [id, to] = [randomUUID(), randomUUID()]
    await subscribeAndVanish(id, to)
    for (let n = 1; n <= 3; n++) await push(gateway, { to: [to], payload: n })
    await using client = await RawClient.connect(gateway)
    await client.subscribe(id, [to])
    await push(gateway, { to: [to], payload: 4 })
    for (let n = 1; n <= 4; n++) {
      expect(await client.nextMessage(id)).toMatchObject({ payload: n, redelivered: false, missed: 0 })
    }
  })

  it('hears how many messages are past retention, then gets the rest', async () => {
    const [id, to] = [randomUUID(), randomUUID()]
    await subscribeAndVanish(id, to)
    for (let n = 1; n <= 10; n++) await push(gateway, { to: [to], payload: n })
    await using client = await RawClient.connect(gateway)
    await client.subscribe(id, [to])
    const first = 10 - RETAINED + 1
    expect(await client.nextMessage(id)).toMatchObject({ payload: first, missed: first - 1 })
    for (let n = first + 1; n <= 10; n++) {
      expect(await client.nextMessage(id)).toMatchObject({ payload: n, missed: 0 })
    }
  })

  it('starts where its record says, whatever `after` says', async () => {
    const [id, to] = [randomUUID(), randomUUID()]
    const had = await subscribeAndVanish(id, to)
    for (let n = 1; n <= 2; n++) await push(gateway, { to: [to], payload: n })
    const { data } = await graphqlRequest<{ inbox: { cursor: string }[] }>(
      gateway,
      'query Inbox($to: ID!) { inbox(identifier: $to) { cursor } }',
      { to },
    )
    const newest = data?.inbox.at(-1)?.cursor as string
    await using client = await RawClient.connect(gateway)
    await client.subscribe(id, [to], [newest])
    expect(await client.nextMessage(id)).toMatchObject({ payload: 1 })

    // A page that was reloaded makes a new operation: there `after` counts.
    const reloaded = randomUUID()
    await client.subscribe(reloaded, [to], [had.cursor])
    for (let n = 1; n <= 2; n++) expect(await client.nextMessage(reloaded)).toMatchObject({ payload: n })
  })
})

test('an attach that was sent twice does not mark as had what was pushed in between', async () => {
  const open = (replicaId: string) =>
    createRedisBroker({ url: redis.url, prefix: `cp-${randomUUID()}`, replicaId, limits: LIMITS })
  await using world = new World({ open, moment: async () => {}, async [Symbol.asyncDispose]() {} }, LIMITS)
  const replica = await world.replica('a')
  const resume = resumeKey('op')
  await attach(replica, 'alice', { resume })
  // What was pushed in the same millisecond may be marked: the record keeps no finer time.
  const attachedAt = Date.now()
  await vi.waitUntil(() => Date.now() > attachedAt)
  await replica.broker.publish(newPush('alice'))
  // The answer to the first was lost, or void, since what was sent before it had to be sent again.
  expect(await attach(replica, 'alice', { resume })).toMatchObject({
    tip: 1,
    from: 0,
    redeliveredThrough: 0,
    resumed: false,
  })
})
