import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, isOnline, PUSH, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let redis: RedisServer
let a: GatewayProcess
let b: GatewayProcess

beforeAll(async () => {
  redis = await startRedis()
  const args = ['--redis', redis.url, '--drain-seconds', '0', '--log-level', 'warn']
  ;[a, b] = await Promise.all([startGatewayProcess({ args }), startGatewayProcess({ args })])
  for (const gateway of [a, b]) {
    await vi.waitFor(async () => expect(await replicasOf(gateway)).toHaveLength(2), LIMIT)
  }
})

afterAll(async () => {
  await Promise.all([a?.[Symbol.asyncDispose](), b?.[Symbol.asyncDispose]()])
  await redis?.[Symbol.asyncDispose]()
})

interface ReplicaRow {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly sessions: number
  readonly weight: number
}

async function replicasOf(gateway: GatewayProcess): Promise<ReplicaRow[]> {
  const answer = await graphqlRequest<{ replicas: ReplicaRow[] }>(
    gateway,
    '{ replicas { id url state sessions weight } }',
  )
  return answer.data?.replicas ?? []
}

async function idOf(gateway: GatewayProcess): Promise<string> {
  const own = (await replicasOf(gateway)).find(({ url }) => url === gateway.wsUrl)
  if (!own) throw new Error('the replica does not list itself')
  return own.id
}

async function ask<T>(
  gateway: GatewayProcess,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const answer = await graphqlRequest<T>(gateway, query, variables)
  if (!answer.data) throw new Error(JSON.stringify(answer.errors))
  return answer.data
}

describe('two replicas on one Redis', () => {
  it('deliver a push accepted by either to subscribers on both', async () => {
    await using onA = await RawClient.connect(a)
    await using onB = await RawClient.connect(b)
    await onA.subscribe('1', ['both'])
    await onB.subscribe('1', ['both'])
    for (const gateway of [a, b]) {
      const { id, offline } = await push(gateway, { to: ['both'], payload: { via: gateway.port } })
      expect(offline).toEqual([])
      for (const client of [onA, onB]) {
        const message = await client.nextMessage('1')
        expect(message).toMatchObject({
          id,
          identifier: 'both',
          payload: { via: gateway.port },
          redelivered: false,
        })
      }
    }
  })

  it('deliver to many identifiers spread over both, once each, and name exactly those that nobody held', async () => {
    await using onA = await RawClient.connect(a)
    await using onB = await RawClient.connect(b)
    const named = (what: string) => Array.from({ length: 60 }, (_, n) => `${what}-${n}`)
    const [first, second, shared, nobody] = [
      named('first'),
      named('second'),
      named('shared'),
      named('nobody'),
    ]
    // Two subscriptions on each, one with many identifiers and one with some that the other replica holds too.
    await onA.subscribe('own', first)
    await onA.subscribe('shared', shared)
    await onB.subscribe('own', second)
    await onB.subscribe('shared', shared)
    const to = named('').flatMap((_, n) => [first, nobody, second, shared].map((of) => of[n]))
    const { accepted, offline } = await push(b, { to, payload: 1 })
    expect(accepted).toBe(240)
    expect([...offline].sort()).toEqual([...nobody].sort())
    for (const [client, id, held] of [
      [onA, 'own', first],
      [onA, 'shared', shared],
      [onB, 'own', second],
      [onB, 'shared', shared],
    ] as const) {
      const received: string[] = []
      while (received.length < held.length) received.push((await client.nextMessage(id)).identifier)
      expect(received.sort()).toEqual([...held].sort())
    }
    // Nothing came twice: what was sent before these has arrived.
    await push(a, { to: ['first-0', 'second-0'], payload: 'last' })
    expect(await onA.nextMessage('own')).toMatchObject({ payload: 'last' })
    expect(await onB.nextMessage('own')).toMatchObject({ payload: 'last' })
    expect([...onA.left('shared'), ...onB.left('shared')]).toEqual([])
  })

  it('deliver a push to everyone to every subscription', async () => {
    await using onA = await RawClient.connect(a)
    await using onB = await RawClient.connect(b)
    await onA.subscribe('1', ['one-of-all'])
    await onB.subscribe('1', ['another-of-all'])
    await push(a, { everyone: true, payload: 'all' })
    for (const client of [onA, onB]) {
      expect(await client.nextMessage('1')).toMatchObject({ identifier: '*', payload: 'all' })
    }
  })

  it.each([
    ['closes its socket', (client: RawClient) => client[Symbol.asyncDispose]()],
    ['is cut off', (client: RawClient) => client.socket.terminate()],
    ['ends its subscription', (client: RawClient) => client.send({ id: '1', type: 'complete' })],
  ])('know within a second that a subscriber has gone when it %s', async (how, leave) => {
    await using client = await RawClient.connect(a)
    const to = [`leaving: ${how}`]
    await client.subscribe('1', to)
    expect((await push(b, { to, payload: 1 })).offline).toEqual([])
    const left = Date.now()
    await leave(client)
    await expect.poll(() => isOnline(b, to[0] as string), { timeout: 30_000, interval: 20 }).toBe(false)
    // A second is what users are told; what is asserted leaves room for a machine that is busy with other tests.
    expect(Date.now() - left).toBeLessThan(5_000)
    expect((await push(b, { to, payload: 2 })).offline).toEqual(to)
  })

  it('carry a push from one client to another over WebSocket', async () => {
    await using from = await RawClient.connect(a)
    await using to = await RawClient.connect(b)
    await to.subscribe('1', ['friend'])
    await from.request('2', PUSH, { input: { to: ['friend'], payload: 'psst' } })
    expect(await to.nextMessage('1')).toMatchObject({ payload: 'psst', trigger: 'WEBSOCKET' })
  })

  it('tell presence of each other, at once and as it changes', async () => {
    await using watcher = await RawClient.connect(b)
    watcher.send({
      id: 'p',
      type: 'subscribe',
      payload: {
        query: 'subscription { presence(identifiers: ["seen"]) { online subscriptions replicaIds } }',
      },
    })
    const next = async () => {
      const { payload } = await watcher.expect('next', 'p')
      return (payload as { data: { presence: unknown } }).data.presence
    }
    expect(await next()).toEqual({ online: false, subscriptions: 0, replicaIds: [] })
    const client = await RawClient.connect(a)
    await client.subscribe('1', ['seen'])
    expect(await next()).toEqual({ online: true, subscriptions: 1, replicaIds: [await idOf(a)] })
    await client[Symbol.asyncDispose]()
    expect(await next()).toEqual({ online: false, subscriptions: 0, replicaIds: [] })
    const { presence } = await ask<{ presence: [{ lastSeen: string | null }] }>(
      a,
      '{ presence(identifiers: ["seen"]) { lastSeen } }',
    )
    expect(Date.parse(presence[0].lastSeen ?? '')).toBeGreaterThan(Date.now() - 60_000)
  })

  it('list sessions of both in pages, and of one', async () => {
    const clients = await Promise.all([a, b, a, b, a].map((gateway) => RawClient.connect(gateway)))
    await Promise.all(clients.map((client) => client.subscribe('1', ['paged'])))
    const query = `query S($after: String, $replicaId: ID) {
      sessions(identifier: "paged", first: 2, after: $after, replicaId: $replicaId) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id identifiers replicaId subscriptions } } } }`
    interface Page {
      sessions: {
        totalCount: number
        pageInfo: { hasNextPage: boolean; endCursor: string | null }
        edges: { node: { id: string; identifiers: string[]; replicaId: string; subscriptions: number } }[]
      }
    }
    const seen = new Set<string>()
    let after: string | null = null
    for (let page = 0; page < 3; page++) {
      const { sessions }: Page = await ask<Page>(b, query, { after })
      expect(sessions.totalCount).toBe(5)
      expect(sessions.pageInfo.hasNextPage).toBe(page < 2)
      for (const { node } of sessions.edges) {
        expect(node).toMatchObject({ identifiers: ['paged'], subscriptions: 1 })
        seen.add(node.id)
      }
      after = sessions.pageInfo.endCursor
    }
    expect(seen.size).toBe(5)
    const ofA = await ask<Page>(b, query, { after: null, replicaId: await idOf(a) })
    expect(ofA.sessions.totalCount).toBe(3)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })

  it('disconnect the sessions of an identifier wherever they are: an error for each operation, then 4411', async () => {
    const onA = await RawClient.connect(a)
    const onB = await RawClient.connect(b)
    await using witness = await RawClient.connect(a)
    for (const client of [onA, onB]) {
      await client.subscribe('1', ['expelled'])
      await client.subscribe('2', ['something-else'])
    }
    await witness.subscribe('1', ['something-else'])
    const mutation = 'mutation { disconnect(identifiers: ["expelled"], reason: "gone for good") }'
    expect(await ask(a, mutation)).toEqual({ disconnect: 2 })
    for (const client of [onA, onB]) {
      for (const id of ['1', '2']) {
        const { payload } = await client.expect('error', id)
        expect(payload).toMatchObject([{ message: 'gone for good', extensions: { code: 'FORBIDDEN' } }])
      }
      expect(await client.closed()).toEqual({ code: 4411, reason: 'gone for good' })
    }
    await push(b, { to: ['something-else'], payload: 'still here' })
    expect(await witness.nextMessage('1')).toMatchObject({ payload: 'still here' })
  })

  it('steer: weights sum to 100, and an identifier goes back to the replica that it was on', async () => {
    const replicas = await replicasOf(a)
    expect(replicas.map(({ state }) => state)).toEqual(['UP', 'UP'])
    expect(replicas.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(100, 6)
    await using client = await RawClient.connect(b)
    await client.subscribe('1', ['sticky'])
    for (let draw = 0; draw < 10; draw++) {
      const { endpoint } = await ask<{ endpoint: { url: string; alternates: string[] } }>(
        a,
        '{ endpoint(identifier: "sticky") { url alternates } }',
      )
      expect(endpoint).toEqual({ url: b.wsUrl, alternates: [a.wsUrl] })
    }
  })
})

it('a replica that is killed is forgotten within its lease: offline, and no weight', async () => {
  const args = ['--redis', redis.url, '--log-level', 'warn']
  await using doomed = await startGatewayProcess({ args })
  await using client = await RawClient.connect(doomed)
  await client.subscribe('1', ['bereft'])
  await expect.poll(() => replicasOf(a), LIMIT).toHaveLength(3)
  expect(await isOnline(a, 'bereft')).toBe(true)
  const killed = Date.now()
  doomed.kill('SIGKILL')
  await doomed.exited
  await expect.poll(() => isOnline(a, 'bereft'), LIMIT).toBe(false)
  await expect.poll(() => replicasOf(a), LIMIT).toHaveLength(2)
  // Five seconds are promised; what is asserted leaves room for a machine that is busy with other tests.
  expect(Date.now() - killed).toBeLessThan(10_000)
  expect((await push(a, { to: ['bereft'], payload: 1 })).offline).toEqual(['bereft'])
})
