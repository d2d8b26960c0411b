import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayAddress, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient, type RawClientOptions } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** Who resumes what. Clients here number their operations, as some do: `1` is everybody's first. */
const ID = '1'

let redis: RedisServer
let first: TestGateway
let second: TestGateway
beforeAll(async () => {
  redis = await startRedis()
  first = await startTestGateway({ redis: redis.url })
  second = await startTestGateway({ redis: redis.url })
})
afterAll(async () => {
  for (const each of [first, second, redis]) await each?.[Symbol.asyncDispose]()
})

async function connect(gateway: GatewayAddress, clientKey: string | null, options: RawClientOptions = {}) {
  const client = await RawClient.open(gateway, options)
  client.send({ type: 'connection_init', ...(clientKey === null ? {} : { payload: { clientKey } }) })
  await client.expect('connection_ack')
  return client
}

async function untilHeldBy(count: number, identifier: string): Promise<void> {
  const held = async () => {
    const query = 'query Held($to: [ID!]!) { presence(identifiers: $to) { subscriptions } }'
    const { data } = await graphqlRequest<{ presence: [{ subscriptions: number }] }>(first, query, {
      to: [identifier],
    })
    return data?.presence[0].subscriptions
  }
  await expect.poll(held, { timeout: 20_000 }).toBe(count)
}

async function expectMessages(
  client: RawClient,
  payloads: readonly unknown[],
  redelivered: boolean,
): Promise<void> {
  for (const payload of payloads) {
    expect(await client.nextMessage(ID)).toMatchObject({ payload, redelivered, missed: 0 })
  }
}

it('two clients of one subject with the same operation id never disturb each other', async () => {
  const to = randomUUID()
  await using fast = await connect(first, null)
  await using slow = await connect(second, null, { echo: false, autoPong: false })
  await fast.subscribe(ID, [to])
  await slow.subscribe(ID, [to])
  for (let n = 1; n <= 5; n++) await push(first, { to: [to], payload: n })
  await expectMessages(fast, [1, 2, 3, 4, 5], false)
  await expectMessages(slow, [1, 2, 3, 4, 5], false)
  // One goes and comes back: it is nobody's successor, and gets what is new.
  await fast[Symbol.asyncDispose]()
  await untilHeldBy(1, to)
  await push(first, { to: [to], payload: 6 })
  await using back = await connect(second, null)
  await back.subscribe(ID, [to])
  await push(first, { to: [to], payload: 7 })
  await expectMessages(back, [7], false)
  await expectMessages(slow, [6, 7], false)
})

it('with a clientKey each resumes its own, from what it had proved itself, on whichever replica', async () => {
  const to = randomUUID()
  const keys = [randomUUID(), randomUUID()] as const
  await using proving = await connect(first, keys[0])
  await using silent = await connect(second, keys[1], { echo: false, autoPong: false })
  await proving.subscribe(ID, [to])
  await silent.subscribe(ID, [to])
  await push(first, { to: [to], payload: 'had' })
  await expectMessages(proving, ['had'], false)
  await expectMessages(silent, ['had'], false)
  // Answered, so `had` is proved: a question comes for the next message only after that.
  await proving.expect('ping', undefined, ({ payload }) => Object.hasOwn(payload as object, 'ack'))
  await proving.fence()
  proving.socket.terminate()
  silent.socket.terminate()
  await untilOffline(first, to)
  await push(first, { to: [to], payload: 'new' })

  await using provingAgain = await connect(second, keys[0])
  await provingAgain.subscribe(ID, [to])
  await expectMessages(provingAgain, ['new'], false)
  await using silentAgain = await connect(first, keys[1])
  await silentAgain.subscribe(ID, [to])
  await expectMessages(silentAgain, ['had'], true)
  await expectMessages(silentAgain, ['new'], false)
})

it('an operation that its client completed is not resumed', async () => {
  const to = randomUUID()
  const clientKey = randomUUID()
  await using client = await connect(first, clientKey)
  await client.subscribe(ID, [to])
  client.send({ id: ID, type: 'complete' })
  await untilOffline(first, to)
  await push(first, { to: [to], payload: 'unheard' })
  await client.subscribe(ID, [to])
  await push(first, { to: [to], payload: 'heard' })
  await expectMessages(client, ['heard'], false)
})

it('a half-open old session that proves and flushes after its successor attached changes nothing', async () => {
  const to = randomUUID()
  const clientKey = randomUUID()
  await using old = await connect(first, clientKey, { echo: false, autoPong: false })
  await old.subscribe(ID, [to])
  for (let n = 1; n <= 3; n++) await push(first, { to: [to], payload: n })
  await expectMessages(old, [1, 2, 3], false)
  const question = await old.expect('ping', undefined, ({ payload }) =>
    Object.hasOwn(payload as object, 'ack'),
  )

  await using successor = await connect(second, clientKey, { echo: false, autoPong: false })
  await successor.subscribe(ID, [to])
  await expectMessages(successor, [1, 2, 3], true)
  // The old one proves what its successor has not, and its session flushes that as it closes.
  old.send({ ...question, type: 'pong' })
  await old.fence()
  old.socket.terminate()
  await untilHeldBy(1, to)
  successor.socket.terminate()
  await untilHeldBy(0, to)

  await using third = await connect(first, clientKey)
  await third.subscribe(ID, [to])
  await expectMessages(third, [1, 2, 3], true)
})
