import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { BareSocket, OPCODE } from '../support/bare-socket.ts'
import { startTestFrontDoor, type TestFrontDoor } from '../support/gateway.ts'
import { codesOf, type GraphQLAnswer, type PublicError } from '../support/graphql-request.ts'
import { type ProtocolMessage, RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { ScriptedReplica, type ScriptedSession } from '../support/scripted-replica.ts'

/** For what a gateway waits for: short, so that a test need not. */
const QUICK = { holdSeconds: 2, stallSeconds: 1 }
const SUBSCRIPTION = 'subscription { messages(identifiers: ["alice"]) { id } }'

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(async () => {
  await redis?.[Symbol.asyncDispose]()
})

interface World extends AsyncDisposable {
  readonly door: TestFrontDoor
  readonly replicas: readonly ScriptedReplica[]
  add(id: string): Promise<ScriptedReplica>
  /** A client whose session is settled, on whichever replica it came to. */
  settled(): Promise<{ client: RawClient; home: ScriptedSession; homeReplica: ScriptedReplica }>
  /** The next session that any replica gets. */
  session(): Promise<ScriptedSession>
}

async function createWorld(ids: readonly string[], overrides: Partial<typeof QUICK> = {}): Promise<World> {
  const prefix = `t-${randomUUID()}`
  const replicas: ScriptedReplica[] = []
  const add = async (id: string) => {
    const replica = await ScriptedReplica.start(redis.url, prefix, id)
    replicas.push(replica)
    return replica
  }
  for (const id of ids) await add(id)
  const door = await startTestFrontDoor(redis.url, { ...QUICK, redisPrefix: prefix, ...overrides })
  const session = async () => {
    const found = () => replicas.find(({ left }) => left > 0)
    const replica = await vi.waitUntil(found, { timeout: 20_000, interval: 5 })
    return replica.session()
  }
  return {
    door,
    replicas,
    add,
    session,
    async settled() {
      const connecting = RawClient.connect(door)
      const home = await session()
      await home.acknowledge()
      const homeReplica = replicas.find(({ port }) => port === home.port)
      if (!homeReplica) throw new Error('no replica has this session')
      return { client: await connecting, home, homeReplica }
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]()
      for (const replica of replicas) await replica[Symbol.asyncDispose]()
    },
  }
}

const subscribe = (id: string, query = SUBSCRIPTION, variables?: object): ProtocolMessage => ({
  id,
  type: 'subscribe',
  payload: { query, ...(variables && { variables }) },
})

const codeOf = ({ payload }: ProtocolMessage) => codesOf({ errors: payload as readonly PublicError[] })[0]

it('the next replica is told the same: init, then what lives, with the same ids and in the same order', async () => {
  await using world = await createWorld(['a', 'b'])
  const client = await RawClient.open(world.door)
  client.send({ type: 'connection_init', payload: { authorization: 'Bearer token' } })
  const first = await world.session()
  expect(await first.acknowledge()).toEqual({
    type: 'connection_init',
    payload: { authorization: 'Bearer token' },
  })
  await client.expect('connection_ack')
  for (const id of ['1', '2', '3', '4']) client.send(subscribe(id))
  for (const id of ['1', '2', '3', '4']) expect(await first.expect('subscribe')).toEqual(subscribe(id))
  client.send({ id: '1', type: 'complete' })
  first.send({ id: '3', type: 'complete' })
  await client.expect('complete', '3')
  await first.expect('complete')
  first.socket.close(1012)

  const second = await world.session()
  // While it is between homes the client goes on to talk.
  client.send({ id: '2', type: 'complete' })
  client.send(subscribe('5'))
  client.send({ type: 'ping', payload: { n: 1 } })
  expect(await second.acknowledge()).toEqual({
    type: 'connection_init',
    payload: { authorization: 'Bearer token' },
  })
  expect(await second.expect('subscribe')).toEqual(subscribe('4'))
  expect(await second.expect('subscribe')).toEqual(subscribe('5'))
  second.send({ id: '4', type: 'next', payload: { data: { messages: { id: 'm' } } } })
  expect(await client.expect('next', '4')).toMatchObject({ payload: { data: { messages: { id: 'm' } } } })
  // The second acknowledgement is not for the client, which knows nothing of all this.
  expect(client.untaken('connection_ack')).toEqual([])
  expect(second.request.headers['x-cloudpush-relay']).toBe(first.request.headers['x-cloudpush-relay'])
  await client[Symbol.asyncDispose]()
  expect(await second.closed).toBe(1000)
})

it('the next replica is told the token that was renewed, once the one before has taken it', async () => {
  await using world = await createWorld(['a', 'b'])
  const client = await RawClient.open(world.door)
  client.send({ type: 'connection_init', payload: { Authorization: 'first', clientKey: 'phone' } })
  let home = await world.session()
  await home.acknowledge()
  await client.expect('connection_ack')
  const renew = 'mutation Renew($token: String!) { until: authenticate(token: $token) }'
  const nextInit = async () => {
    home.socket.close(1012)
    home = await world.session()
    return (await home.acknowledge()).payload
  }

  client.send(subscribe('1', renew, { token: 'refused' }))
  await home.expect('subscribe')
  home.send({ id: '1', type: 'next', payload: { data: null, errors: [{ message: 'FORBIDDEN' }] } })
  home.send({ id: '1', type: 'complete' })
  await client.expect('complete', '1')
  expect(await nextInit()).toEqual({ Authorization: 'first', clientKey: 'phone' })

  client.send(subscribe('2', renew, { token: 'second' }))
  await home.expect('subscribe')
  home.send({ id: '2', type: 'next', payload: { data: { until: '2026-01-01T00:00:00Z' } } })
  home.send({ id: '2', type: 'complete' })
  await client.expect('complete', '2')
  client.send(
    subscribe('3', 'mutation { ...Renew } fragment Renew on Mutation { authenticate(token: "third") }'),
  )
  await home.expect('subscribe')
  home.send({ id: '3', type: 'error', payload: [{ message: 'UNAUTHENTICATED' }] })
  await client.expect('error', '3')
  expect(await nextInit()).toEqual({ authorization: 'Bearer second', clientKey: 'phone' })
})

it.each([
  ['is reset', (home: ScriptedSession) => home.stream.destroy()],
  ['half closes', (home: ScriptedSession) => home.stream.end()],
  ['closes with 1001', (home: ScriptedSession) => home.socket.close(1001)],
  ['closes with 1012', (home: ScriptedSession) => home.socket.close(1012)],
  ['closes with 1013', (home: ScriptedSession) => home.socket.close(1013)],
  ['closes without a code', (home: ScriptedSession) => home.socket.close()],
  ['says what no replica says', (home: ScriptedSession) => home.stream.write(Buffer.from([0xc1, 0x00]))],
])('a session whose replica %s goes on at the next one', async (_what, end) => {
  await using world = await createWorld(['a', 'b'])
  const { client, home } = await world.settled()
  client.send(subscribe('1'))
  await home.expect('subscribe')
  end(home)
  const next = await world.session()
  await next.acknowledge()
  expect(await next.expect('subscribe')).toEqual(subscribe('1'))
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  await client[Symbol.asyncDispose]()
})

it.each([1000, 4400, 4401, 4403, 4409, 4410, 4411, 4429, 4500, 1008, 1009])(
  'a close with %i is the client’s own matter, and reaches it as it is',
  async (code) => {
    await using world = await createWorld(['a', 'b'])
    const { client, home } = await world.settled()
    home.socket.close(code, 'why not')
    expect(await client.closed()).toEqual({ code, reason: 'why not' })
  },
)

it('half a message of a replica that dies is never handed on, and nothing of it comes after the next one’s', async () => {
  await using world = await createWorld(['a', 'b'])
  const { client, home } = await world.settled()
  client.send(subscribe('1'))
  await home.expect('subscribe')
  const whole = Buffer.from('{"id":"1","type":"next","payload":{"data":1}}')
  const half = Buffer.from('{"id":"1","type":"next","payload":{"da')
  home.stream.write(Buffer.concat([Buffer.from([0x81, whole.length]), whole, Buffer.from([0x81, 44]), half]))
  expect(await client.expect('next', '1')).toMatchObject({ payload: { data: 1 } })
  home.stream.end()
  const next = await world.session()
  await next.acknowledge()
  next.send({ id: '1', type: 'next', payload: { data: 2 } })
  expect(await client.expect('next', '1')).toMatchObject({ payload: { data: 2 } })
  await client[Symbol.asyncDispose]()
})

it('messages that come in pieces, or many at once, are handed on whole', async () => {
  await using world = await createWorld(['a'])
  const { client, home } = await world.settled()
  const message = (n: number) => `{"id":"1","type":"next","payload":{"n":${n},"text":"${'ä'.repeat(n)}"}}`
  const sizes = [0, 1, 40, 60, 100, 30_000, 40_000, 2, 3, 100_000]
  const frames = Buffer.concat(
    sizes.map((size) => {
      const body = Buffer.from(message(size))
      const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10)
      head[0] = 0x81
      head[1] = body.length < 126 ? body.length : body.length < 65_536 ? 126 : 127
      if (head.length === 4) head.writeUInt16BE(body.length, 2)
      if (head.length === 10) head.writeBigUInt64BE(BigInt(body.length), 2)
      return Buffer.concat([head, body])
    }),
  )
  // Pieces of 1, 2, 3 … bytes: every header is cut somewhere.
  for (let at = 0, size = 1; at < frames.length; at += size, size = Math.min(size + 1, 5_000)) {
    home.stream.write(frames.subarray(at, at + size))
    if (size < 60) await new Promise((resolve) => setImmediate(resolve))
  }
  for (const size of sizes) {
    expect(await client.expect('next', '1')).toMatchObject({ payload: { n: size, text: 'ä'.repeat(size) } })
  }
  await client[Symbol.asyncDispose]()
})

it('a replica that refuses is passed over before the client notices, whatever it refuses with', async () => {
  await using world = await createWorld(['a', 'b', 'c'])
  const connecting = RawClient.connect(world.door)
  const full = await world.session()
  full.socket.close(1013)
  const draining = await world.session()
  draining.socket.close(1012)
  const home = await world.session()
  await home.acknowledge()
  await using client = await connecting
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  const ports = [full, draining, home].map(({ port }) => port)
  expect(new Set(ports).size).toBe(3)
})

it('a replica that cannot be reached is passed over, and tried again only when it was heard of', async () => {
  await using world = await createWorld(['a', 'b'])
  const [a, b] = world.replicas as [ScriptedReplica, ScriptedReplica]
  await a.die()
  for (let n = 0; n < 10; n++) {
    const connecting = RawClient.connect(world.door)
    await (await b.session()).acknowledge()
    await (await connecting)[Symbol.asyncDispose]()
  }
})

it('a replica that stalls, before or after its acknowledgement, loses its sessions to the others', async () => {
  await using world = await createWorld(['a', 'b'])
  const { client, home, homeReplica } = await world.settled()
  client.send(subscribe('1'))
  await home.expect('subscribe')
  // It takes all and answers nothing, not even pings.
  home.stream.pause()
  const other = await world.session()
  await other.acknowledge()
  expect(await other.expect('subscribe')).toEqual(subscribe('1'))
  // One that is alive answers the gateway's pings by itself: silence alone is no stall.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(world.replicas.map(({ left }) => left)).toEqual([0, 0])

  homeReplica.upgrades = false
  other.socket.close(1012)
  const back = await world.session()
  await back.acknowledge()
  expect(await back.expect('subscribe')).toEqual(subscribe('1'))
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  await client[Symbol.asyncDispose]()
})

it('without a replica clients are held for --hold-seconds, then closed with 1013; one that comes in time takes them', async () => {
  await using world = await createWorld(['a'])
  const { client, home } = await world.settled()
  client.send(subscribe('1'))
  await home.expect('subscribe')
  await world.replicas[0]?.die()
  await using late = await RawClient.open(world.door)
  late.send({ type: 'connection_init' })
  const b = await world.add('b')
  for (const session of [await b.session(), await b.session()]) {
    await session.acknowledge()
    session.send({ id: '1', type: 'next', payload: {} })
  }
  await client.expect('next', '1')
  await late.expect('connection_ack')

  const heldSince = Date.now()
  await b.die()
  expect(await client.closed()).toMatchObject({ code: 1013 })
  expect(Date.now() - heldSince).toBeGreaterThanOrEqual(QUICK.holdSeconds * 1_000 - 100)
  const metrics = await (await fetch(`${world.door.url}/metrics`)).text()
  expect(metrics).toMatch(/cloudpush_gateway_unplaced_total [12]\n/)
  expect(metrics).toContain('cloudpush_gateway_rehomings_total{reason="lost"}')
})

it('a client that no replica keeps after a trial is not moved about without end: it is closed with 1013', async () => {
  await using world = await createWorld(['a', 'b'])
  let trials = 0
  let closed = false
  const trying = (async () => {
    while (!closed) {
      const session = await world.session()
      trials++
      await session.acknowledge()
      session.socket.close(1013)
    }
  })()
  const client = await RawClient.connect(world.door)
  client.send(subscribe('1'))
  expect(await client.closed()).toMatchObject({ code: 1013 })
  closed = true
  // Two in each round, and the rounds come at growing distances.
  expect(trials).toBeGreaterThanOrEqual(4)
  expect(trials).toBeLessThanOrEqual(16)
  void trying.catch(() => {})
})

it('what ran on a replica that died is said again where it may be, and else answered OUTCOME_UNKNOWN', async () => {
  await using world = await createWorld(['a', 'b'])
  const { client, home } = await world.settled()
  const push = 'mutation P($input: PushInput!) { push(input: $input) { id } }'
  const again = [
    subscribe('query', '{ replicas { id } }'),
    subscribe('push-with-id', push, { input: { id: 'p1', to: ['a'], payload: 1 } }),
    subscribe('literal-id', 'mutation { push(input: { id: "p2", to: ["a"], payload: 1 }) { id } }'),
    subscribe('heartbeat', 'mutation { heartbeat }'),
    subscribe('subscription'),
  ]
  const unknown = [
    subscribe('push-without-id', push, { input: { to: ['a'], payload: 1 } }),
    subscribe('null-id', push, { input: { id: null, to: ['a'], payload: 1 } }),
    subscribe('two', 'mutation { heartbeat drain(replicaId: "a") { id } }'),
    subscribe('fragment', 'mutation { ...F } fragment F on Mutation { rebalance }'),
  ]
  for (const message of [...unknown, ...again]) client.send(message)
  for (const _ of [...unknown, ...again]) await home.expect('subscribe')
  home.stream.destroy()
  for (const { id } of unknown) expect(codeOf(await client.expect('error', id))).toBe('OUTCOME_UNKNOWN')
  const next = await world.session()
  // Never sent to anybody, so nothing about it is unknown.
  client.send(subscribe('between', push, { input: { to: ['a'], payload: 1 } }))
  await next.acknowledge()
  for (const message of again) expect(await next.expect('subscribe')).toEqual(message)
  expect(await next.expect('subscribe')).toMatchObject({ id: 'between' })
  // Their ids are free again.
  client.send(subscribe('two'))
  expect(await next.expect('subscribe')).toEqual(subscribe('two'))
  await client[Symbol.asyncDispose]()
})

it('pings are answered whatever happens to the replica; what a former one asked is not answered to the next', async () => {
  await using world = await createWorld(['a', 'b'])
  const { client, home } = await world.settled()
  client.send({ type: 'ping', payload: { n: 1 } })
  expect(await home.expect('ping')).toEqual({ type: 'ping', payload: { n: 1 } })
  home.stream.destroy()
  expect(await client.expect('pong')).toEqual({ type: 'pong', payload: { n: 1 } })
  client.send({ type: 'ping', payload: { n: 2 } })
  const next = await world.session()
  expect(await next.acknowledge()).toEqual({ type: 'connection_init' })
  // Either of them answers the second one, depending on who was there.
  const asked = next.expect('ping').then((ping) => next.send({ ...ping, type: 'pong' }))
  expect(await client.expect('pong')).toEqual({ type: 'pong', payload: { n: 2 } })
  await client[Symbol.asyncDispose]()
  await asked.catch(() => {})
})

it('a client that does not read is not read for, and keeps nobody waiting', async () => {
  await using world = await createWorld(['a'])
  const { client, home } = await world.settled()
  const other = await world.settled()
  client.socket.pause()
  const text = 'x'.repeat(60_000)
  let accepted = 0
  const fill = async () => {
    while (home.stream.writableLength < 4_000_000) {
      home.send({ id: '1', type: 'next', payload: { n: ++accepted, text } })
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await fill()
  // What neither socket took stays with the replica, which knows what to do about it.
  other.home.send({ id: '1', type: 'next', payload: { quick: true } })
  expect(await other.client.expect('next', '1')).toMatchObject({ payload: { quick: true } })
  expect(home.stream.writableLength).toBeGreaterThan(1_000_000)
  client.socket.resume()
  for (let n = 1; n <= accepted; n++) {
    expect(await client.expect('next', '1')).toMatchObject({ payload: { n } })
  }
  for (const each of [client, other.client]) await each[Symbol.asyncDispose]()
})

it('a message that is none closes with 4400 between homes as well, and a binary one with 1003', async () => {
  await using world = await createWorld(['a'])
  const { client } = await world.settled()
  await world.replicas[0]?.die()
  client.send('nonsense')
  expect((await client.closed()).code).toBe(4400)
  using bare = await BareSocket.open(world.door)
  bare.send({ opcode: OPCODE.BINARY, payload: Buffer.from([1]) })
  expect(await bare.closeCode()).toBe(1003)
})

it('more operations than are kept are refused one by one, and the session lives on', async () => {
  await using world = await createWorld(['a'])
  const { client, home } = await world.settled()
  const large = (id: string) => subscribe(id, SUBSCRIPTION, { filler: 'x'.repeat(1_500_000) })
  for (const id of ['1', '2', '3']) client.send(large(id))
  expect(codeOf(await client.expect('error', '3'))).toBe('PAYLOAD_TOO_LARGE')
  expect((await home.expect('subscribe')).id).toBe('1')
  expect((await home.expect('subscribe')).id).toBe('2')
  client.send({ id: '1', type: 'complete' })
  client.send(large('3'))
  expect((await home.expect('subscribe')).id).toBe('3')
  await client[Symbol.asyncDispose]()
})

it('over HTTP a replica that refuses the connection is passed over; without any, the answer says so', async () => {
  await using world = await createWorld(['a', 'b'])
  const [a, b] = world.replicas as [ScriptedReplica, ScriptedReplica]
  await a.die()
  for (let n = 0; n < 10; n++) expect(await (await fetch(`${world.door.url}/console`)).text()).toBe('b')
  await b.die()
  const answer = await fetch(`${world.door.graphqlUrl}?query={replicas{id}}`)
  expect(answer.status).toBe(503)
  expect(codesOf((await answer.json()) as GraphQLAnswer)).toEqual(['NO_REPLICA'])
})
