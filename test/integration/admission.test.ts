import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { STOCK_CLIENTS } from '../support/clients/all.ts'
import { createGraphqlWsClient } from '../support/clients/graphql-ws.ts'
import { isReady, startGatewayProcess, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { push, untilOffline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** Concurrent tests have no `expect.poll`. */
const until = (holds: () => boolean | Promise<boolean>) =>
  vi.waitUntil(holds, { timeout: 40_000, interval: 50 })

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis?.[Symbol.asyncDispose]())

const startGateway = (more: object) =>
  startTestGateway({ redis: redis.url, redisPrefix: `test-${randomUUID()}`, ...more })

const subscribe = (identifier: string) => ({
  query: `subscription { messages(identifiers: ["${identifier}"]) { payload redelivered } }`,
})

test.concurrent('past its capacity a replica refuses who is new with 1013, once it knows; who resumes is let in', async () => {
  await using gateway = await startGateway({ capacity: 2 })
  await using staying = await RawClient.connect(gateway)
  await staying.subscribe(randomUUID(), ['staying'])
  const id = randomUUID()
  const leaving = await RawClient.connect(gateway)
  await leaving.subscribe(id, ['leaving'])
  leaving.socket.terminate()
  await untilOffline(gateway, 'leaving')
  await push(gateway, { to: ['leaving'], payload: 'kept' })
  // Its place is taken.
  await using taking = await RawClient.connect(gateway)
  await taking.subscribe(randomUUID(), ['taking'])

  const refused = await RawClient.connect(gateway)
  const operation = { id: randomUUID(), type: 'subscribe', payload: subscribe('refused') }
  refused.send(operation)
  expect(await refused.closed()).toMatchObject({ code: 1013 })
  // It was told nothing about its operation: it is to come back with it.
  expect(refused.left(operation.id)).toEqual([])
  // That it was tried does not make it known: with the same id it is as new as before, and so is one with an id of no worth.
  for (const again of [operation, { ...operation, id: '1' }]) {
    await using client = await RawClient.connect(gateway)
    client.send(again)
    expect(await client.closed()).toMatchObject({ code: 1013 })
  }
  await using resuming = await RawClient.connect(gateway)
  await resuming.subscribe(id, ['leaving'])
  expect(await resuming.nextMessage(id)).toMatchObject({ payload: 'kept' })
  for (const [client, identifier] of [
    [staying, 'staying'],
    [taking, 'taking'],
    [resuming, 'leaving'],
  ] as const) {
    await push(gateway, { to: [identifier], payload: 'still here' })
    const { payload } = await client.expect('next')
    expect(payload).toMatchObject({ data: { messages: { payload: 'still here' } } })
  }
})

test.concurrent('a client that comes back with a new subscription first, and one that resumes after it, is let in with both', async () => {
  await using gateway = await startGateway({ capacity: 1 })
  const id = randomUUID()
  const before = await RawClient.connect(gateway)
  await before.subscribe(id, ['old'])
  before.socket.terminate()
  await untilOffline(gateway, 'old')
  await using _taking = await RawClient.connect(gateway)
  await using again = await RawClient.connect(gateway)
  const added = randomUUID()
  again.send({ id: added, type: 'subscribe', payload: subscribe('new') })
  again.send({ id, type: 'subscribe', payload: subscribe('old') })
  await again.live(added)
  await again.live(id)
})

/** A stock client with every option at its default. */
function stockClient(
  gateway: TestGateway,
  identifier: string,
  received: (identifier: string) => void = () => {},
  create = createGraphqlWsClient,
) {
  const failures: unknown[] = []
  const client = create({ url: gateway.wsUrl, webSocketImpl: WebSocket })
  client.subscribe(
    [identifier],
    () => received(identifier),
    (error) => failures.push(error),
  )
  return { client, failures }
}

test.concurrent('stock clients of every kind, more than the rate lets in at once: all get in, none gives up', async () => {
  await using gateway = await startGateway({ connectionRatePerSecond: 10 })
  const names = Array.from({ length: 32 }, (_, n) => `storm-${n}`)
  const kinds = Object.values(STOCK_CLIENTS)
  const received = new Set<string>()
  const began = performance.now()
  const clients = names.map((name, n) =>
    stockClient(gateway, name, (identifier) => received.add(identifier), kinds[n % kinds.length]),
  )
  await until(async () => (await push(gateway, { to: names, payload: 1 })).offline.length === 0)
  // Ten at once, and ten per second after that.
  expect(performance.now() - began).toBeGreaterThan(2_000)
  await until(() => received.size === names.length)
  expect(clients.flatMap(({ failures }) => failures)).toEqual([])
  await Promise.all(clients.map(({ client }) => client.dispose()))
})

test.concurrent('a replica that is full: clients wait outside and get in as others leave, none gives up', async () => {
  await using gateway = await startGateway({ capacity: 6 })
  const names = Array.from({ length: 9 }, (_, n) => `crowd-${n}`)
  const clients = names.map((name) => stockClient(gateway, name))
  const inside = async () => {
    const { offline } = await push(gateway, { to: names, payload: 1, ttlSeconds: 0 })
    return names.filter((name) => !offline.includes(name))
  }
  await until(async () => (await inside()).length === 6)
  const left = await inside()
  await Promise.all(
    left.slice(0, 3).map((name) => clients[names.indexOf(name)]?.client.dispose() ?? Promise.resolve()),
  )
  const rest = names.filter((name) => !left.slice(0, 3).includes(name))
  await until(async () => (await inside()).join() === rest.join())
  expect(clients.flatMap(({ failures }) => failures)).toEqual([])
  await Promise.all(clients.map(({ client }) => client.dispose()))
})

test.concurrent('after a restart of many, clients that resume get in before clients that are new', async () => {
  const config = { redisPrefix: `test-${randomUUID()}`, connectionRatePerSecond: 5 }
  const order: string[] = []
  const received = (identifier: string) => {
    if (!order.includes(identifier)) order.push(identifier)
  }
  const known = Array.from({ length: 15 }, (_, n) => `known-${n}`)
  const strangers = Array.from({ length: 15 }, (_, n) => `stranger-${n}`)
  await using first = await startGateway({ ...config, connectionRatePerSecond: 0 })
  let target: TestGateway = first
  const clientOf = (name: string) => {
    const client = createGraphqlWsClient({ url: () => target.wsUrl, webSocketImpl: WebSocket })
    client.subscribe(
      [name],
      () => received(name),
      () => {},
    )
    return client
  }
  const clients = known.map(clientOf)
  const offline = async (to: readonly string[]) =>
    (await push(target, { to, payload: 1, ttlSeconds: 0 })).offline
  await until(async () => (await offline(known)).length === 0)
  await using second = await startGateway(config)
  target = second
  await first.replica.stop(0)
  order.length = 0
  clients.push(...strangers.map(clientOf))
  const everybody = [...known, ...strangers]
  await until(async () => (await offline(everybody)).length === 0)
  await until(() => order.length === everybody.length)
  // The strangers were there first, and five of them found the door open; among those who had to wait it is another matter.
  const waited = order.slice(5)
  const meanRank = (names: readonly string[]) => {
    const ranks = names.map((name) => waited.indexOf(name)).filter((rank) => rank >= 0)
    return ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length
  }
  expect(meanRank(known)).toBeLessThan(meanRank(strangers))
  await Promise.all(clients.map((client) => client.dispose()))
})

test.concurrent('behind a gateway, clients beyond the rate wait without a close, and get in as the rate allows', async () => {
  const redisPrefix = `test-${randomUUID()}`
  await using first = await startGateway({ redisPrefix, connectionRatePerSecond: 5 })
  await using _second = await startGateway({ redisPrefix, connectionRatePerSecond: 5 })
  await using door = await startGatewayProcess({
    command: 'gateway',
    args: ['--redis', redis.url, '--redis-prefix', redisPrefix, '--log-level', 'warn'],
  })
  await until(() => isReady(door))
  let sockets = 0
  class Counted extends WebSocket {
    constructor(...options: ConstructorParameters<typeof WebSocket>) {
      super(...options)
      sockets++
    }
  }
  const names = Array.from({ length: 30 }, (_, n) => `patient-${n}`)
  const failures: unknown[] = []
  const clients = names.map((name) => {
    const client = createGraphqlWsClient({ url: door.wsUrl, webSocketImpl: Counted })
    client.subscribe(
      [name],
      () => {},
      (error) => failures.push(error),
    )
    return client
  })
  const began = performance.now()
  await until(async () => (await push(first, { to: names, payload: 1, ttlSeconds: 0 })).offline.length === 0)
  // Five at once at each, and ten per second after that.
  expect(performance.now() - began).toBeGreaterThan(1_500)
  expect({ sockets, failures }).toEqual({ sockets: names.length, failures: [] })
  await Promise.all(clients.map((client) => client.dispose()))
})
