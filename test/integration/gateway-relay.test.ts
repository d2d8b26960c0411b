import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  startTestFrontDoor,
  startTestGateway,
  type TestFrontDoor,
  type TestGateway,
} from '../support/gateway.ts'
import { codesOf, graphqlRequest, push, untilOffline, untilOnline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { SseClient } from '../support/sse-client.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let redis: RedisServer
let door: TestFrontDoor
let a: TestGateway
let b: TestGateway

beforeAll(async () => {
  redis = await startRedis()
  a = await startTestGateway({ redis: redis.url })
  b = await startTestGateway({ redis: redis.url })
  door = await startTestFrontDoor(redis.url)
  await vi.waitFor(async () => expect(await replicaIds()).toHaveLength(2), LIMIT)
})

afterAll(async () => {
  await Promise.all([a, b, door].map((each) => each?.[Symbol.asyncDispose]()))
  await redis?.[Symbol.asyncDispose]()
})

async function replicaIds(): Promise<string[]> {
  const { data } = await graphqlRequest<{ replicas: { id: string }[] }>(door, '{ replicas { id } }')
  return data?.replicas.map(({ id }) => id) ?? []
}

async function sessionsOf(identifier: string) {
  const { data } = await graphqlRequest<{
    sessions: { edges: { node: { replicaId: string; remoteAddress: string } }[] }
  }>(
    door,
    `query S($identifier: ID!) { sessions(identifier: $identifier) { edges { node { replicaId remoteAddress } } } }`,
    {
      identifier,
    },
  )
  return data?.sessions.edges.map(({ node }) => node) ?? []
}

describe('a client of a gateway', () => {
  it('subscribes, is pushed to and pushes, as on a replica', async () => {
    await using client = await RawClient.connect(door)
    await client.subscribe('1', ['alice'])
    await push(door, { to: ['alice'], payload: 'over HTTP 🦊' })
    expect(await client.nextMessage('1')).toMatchObject({ payload: 'over HTTP 🦊', trigger: 'HTTP' })
    const answer = await client.request(
      '2',
      'mutation { push(input: { to: ["alice"], payload: "over the socket" }) { accepted } }',
    )
    expect(answer.data).toEqual({ push: { accepted: 1 } })
    expect(await client.nextMessage('1')).toMatchObject({ payload: 'over the socket', trigger: 'WEBSOCKET' })
    await client.fence()
    expect(client.left('1')).toEqual([])
  })

  it('is known to its replica by its own address, where the gateway is trusted', async () => {
    const socket = { headers: { 'x-forwarded-for': '192.0.2.7' } }
    await using client = await RawClient.connect(door, socket)
    await client.subscribe('1', ['far-away'])
    await expect.poll(() => sessionsOf('far-away'), LIMIT).toMatchObject([{ remoteAddress: '192.0.2.7' }])
  })

  it('that ends its operation, or goes, is gone from its replica as well', async () => {
    const client = await RawClient.connect(door)
    await client.subscribe('1', ['leaving'])
    await client.subscribe('2', ['leaving'])
    const subscriptions = async () => {
      const { data } = await graphqlRequest<{ presence: { subscriptions: number }[] }>(
        door,
        '{ presence(identifiers: ["leaving"]) { subscriptions } }',
      )
      return data?.presence[0]?.subscriptions
    }
    expect(await subscriptions()).toBe(2)
    client.send({ id: '1', type: 'complete' })
    await expect.poll(subscriptions, LIMIT).toBe(1)
    await client[Symbol.asyncDispose]()
    await expect.poll(subscriptions, LIMIT).toBe(0)
  })

  it.each([
    [4400, 'a message that is none', ['nonsense']],
    [
      4401,
      'a subscribe before the acknowledgement',
      [{ id: '1', type: 'subscribe', payload: { query: '{ a }' } }],
    ],
    [4429, 'a second connection_init', [{ type: 'connection_init' }, { type: 'connection_init' }]],
  ])('is closed with %i for %s', async (code, _what, messages) => {
    await using client = await RawClient.open(door)
    for (const message of messages) client.send(message)
    expect((await client.closed()).code).toBe(code)
  })

  it('is closed with 4409 for an operation id that is in use, and with 4406 for another protocol', async () => {
    await using client = await RawClient.connect(door)
    await client.subscribe('1', ['twice'])
    client.send({
      id: '1',
      type: 'subscribe',
      payload: { query: 'subscription { messages(identifiers: ["x"]) { id } }' },
    })
    expect((await client.closed()).code).toBe(4409)
    await using other = await RawClient.open(door, { protocols: [] })
    expect((await other.closed()).code).toBe(4406)
  })

  it('that an operator disconnects is closed with 4411, after an error of each operation', async () => {
    await using client = await RawClient.connect(door)
    await client.subscribe('1', ['unwanted'])
    await graphqlRequest(door, 'mutation { disconnect(identifiers: ["unwanted"]) }')
    expect(await client.expect('error', '1')).toMatchObject({
      payload: [{ extensions: { code: 'FORBIDDEN' } }],
    })
    expect((await client.closed()).code).toBe(4411)
  })
})

const UNIQUE = '6f1a6a0e-55a5-4ce0-8d33-0f9a7c1f2b10'

it.each([
  ['an id that is unique, as stock clients make it', UNIQUE],
  ['an id that others have as well', '1'],
])(
  'invariant 5: under %s, a session whose replica stops goes on at the next one: no close, no gap, in order',
  async (_what, id) => {
    await using client = await RawClient.connect(door)
    await client.subscribe(id, [`moved-${id}`])
    const homes: string[] = []
    const had = new Set<unknown>()
    // What had been proved is not repeated; what may not have been says so.
    const nextNew = async () => {
      let message = await client.nextMessage(id)
      while (message.redelivered && had.has(message.payload)) message = await client.nextMessage(id)
      had.add(message.payload)
      return message.payload
    }
    for (let n = 0; n < 30; n++) {
      await push(a, { to: [`moved-${id}`], payload: n })
      expect(await nextNew()).toBe(n)
      if (n % 10 !== 9) continue
      const [session] = await sessionsOf(`moved-${id}`)
      homes.push(session?.replicaId ?? 'none')
      await graphqlRequest(a, 'mutation D($id: ID!) { drain(replicaId: $id, withinSeconds: 0) { id } }', {
        id: session?.replicaId,
      })
      await push(b, { to: [`moved-${id}`], payload: `while moving ${n}` })
      expect(await nextNew()).toBe(`while moving ${n}`)
      await expect
        .poll(async () => (await sessionsOf(`moved-${id}`))[0]?.replicaId, LIMIT)
        .not.toBe(homes.at(-1))
      await graphqlRequest(a, 'mutation U($id: ID!) { undrain(replicaId: $id) { id } }', {
        id: session?.replicaId,
      })
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  },
)

describe('over HTTP a gateway', () => {
  it('hands on GraphQL, GraphiQL and the console, and answers for itself what is about itself', async () => {
    const page = await fetch(door.graphqlUrl, { headers: { accept: 'text/html' } })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<html')])
    expect((await fetch(`${door.url}/console`)).status).toBe(200)
    expect((await fetch(`${door.url}/nothing`)).status).toBe(404)
    const metrics = await (await fetch(`${door.url}/metrics`)).text()
    expect(metrics).toContain('cloudpush_gateway_sessions ')
    expect(metrics).toContain('cloudpush_gateway_requests_total{status="404"} 1')
    expect((await fetch(`${door.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${door.url}/readyz`)).status).toBe(200)
  })

  it('hands on an event stream as it comes, and its end when the client goes', async () => {
    const client = await SseClient.open(
      door,
      'subscription { messages(identifiers: ["streamed"]) { payload } }',
    )
    expect([client.status, client.contentType]).toEqual([200, expect.stringMatching(/^text\/event-stream/)])
    await untilOnline(door, 'streamed')
    for (const payload of [1, 2]) {
      await push(door, { to: ['streamed'], payload })
      expect((await client.next()).data).toEqual({ messages: { payload } })
    }
    await client[Symbol.asyncDispose]()
    await untilOffline(door, 'streamed')
  })

  it('refuses more than replicas read, as they do', async () => {
    const answer = await graphqlRequest(door, `{ a(b: "${'x'.repeat(5_000_000)}") }`)
    expect(codesOf(answer)).toEqual(['PAYLOAD_TOO_LARGE'])
  })
})
