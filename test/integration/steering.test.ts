import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest } from '../support/graphql-request.ts'
import { startHaproxy } from '../support/haproxy.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const POLL = { timeout: 30_000, interval: 50 }

let redis: RedisServer
/** A small and a large one that accept, one that is full, one that drains. */
let small: TestGateway
let large: TestGateway
let full: TestGateway
let draining: TestGateway
let onlyOne: RawClient

beforeAll(async () => {
  redis = await startRedis()
  const start = (capacity: number) => startTestGateway({ redis: redis.url, capacity, agentPort: 0 })
  ;[small, large, full, draining] = await Promise.all([start(1_000), start(3_000), start(1), start(1_000)])
  onlyOne = await RawClient.connect(full)
  await ask(small, 'mutation Drain($id: ID!) { drain(replicaId: $id, withinSeconds: 60) { id } }', {
    id: draining.replica.id,
  })
  await vi.waitUntil(async () => {
    const weights = [...(await weightsAt(small)).values()]
    return weights.length === 4 && weights.filter((weight) => weight === 0).length === 2
  }, POLL)
})

afterAll(async () => {
  await onlyOne?.[Symbol.asyncDispose]()
  await Promise.all([small, large, full, draining].map((gateway) => gateway?.[Symbol.asyncDispose]()))
  await redis?.[Symbol.asyncDispose]()
})

interface Row {
  readonly id: string
  readonly state: string
  readonly sessions: number
  readonly weight: number
  readonly drainProgress: number | null
}

const FIELDS = 'id state sessions weight drainProgress'

async function ask<T>(
  gateway: TestGateway,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const { data, errors } = await graphqlRequest<T>(gateway, query, variables)
  if (!data) throw new Error(JSON.stringify(errors))
  return data
}

const weightsOf = (rows: readonly Row[]) => new Map(rows.map(({ id, weight }) => [id, weight]))

const weightsAt = async (gateway: TestGateway) =>
  weightsOf((await ask<{ replicas: Row[] }>(gateway, `{ replicas { ${FIELDS} } }`)).replicas)

async function watchReplicas(gateway: TestGateway) {
  const client = await RawClient.connect(gateway)
  client.send({ id: '1', type: 'subscribe', payload: { query: `subscription { replicas { ${FIELDS} } }` } })
  return {
    next: async () => {
      const { payload } = await client.expect('next', '1')
      return (payload as { data: { replicas: Row[] } }).data.replicas
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

/** What HAProxy would be told. */
async function agentOf({ replica }: TestGateway): Promise<string> {
  const socket = connect({ port: replica.agentPort ?? 0, host: '127.0.0.1' })
  await once(socket, 'connect')
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  return answer
}

async function alternatesAt(gateway: TestGateway): Promise<{ replica: unknown; alternates: string[] }> {
  await using client = await RawClient.open(gateway)
  client.send({ type: 'connection_init' })
  const { payload } = await client.expect('connection_ack')
  return payload as { replica: unknown; alternates: string[] }
}

it('weights agree by every path: query at each replica, subscription, endpoint, agent-check and connection_ack', async () => {
  const ids = { small: small.replica.id, large: large.replica.id }
  const agree = async () => {
    await using watched = await watchReplicas(large)
    const views = [
      await weightsAt(small),
      await weightsAt(large),
      await weightsAt(full),
      weightsOf(await watched.next()),
    ]
    const agents = await Promise.all([small, large, full, draining].map(agentOf))
    // Room is 1 to 3; what the loads say of health may differ by a second, so that all of it is looked at again.
    for (const view of views) {
      expect(view.size).toBe(4)
      expect(view.get(ids.small)).toBeCloseTo(25, -0.5)
      expect(view.get(ids.large)).toBeCloseTo(75, -0.5)
      expect(view.get(full.replica.id)).toBe(0)
      expect(view.get(draining.replica.id)).toBe(0)
    }
    expect(agents[1]).toBe('ready up 100%\n')
    const percent = Number(/^ready up (\d+)%\n$/.exec(agents[0] ?? '')?.[1])
    expect(percent / 100).toBeCloseTo((views[0]?.get(ids.small) ?? 0) / (views[0]?.get(ids.large) ?? 1), 1)
    expect(agents.slice(2)).toEqual(['ready up 0%\n', 'drain\n'])
  }
  await expect.poll(() => agree().then(() => true, String), POLL).toBe(true)

  expect(await alternatesAt(small)).toMatchObject({
    replica: { id: ids.small, url: small.wsUrl },
    alternates: [large.wsUrl],
  })
  expect(await alternatesAt(large)).toMatchObject({ alternates: [small.wsUrl] })
  const chosen = new Map<string, number>()
  for (let draw = 0; draw < 400; draw++) {
    const { endpoint } = await ask<{ endpoint: { replicaId: string } }>(full, '{ endpoint { replicaId } }')
    chosen.set(endpoint.replicaId, (chosen.get(endpoint.replicaId) ?? 0) + 1)
  }
  expect([...chosen.keys()].sort()).toEqual([ids.small, ids.large].sort())
  expect((chosen.get(ids.large) ?? 0) / 400).toBeCloseTo(0.75, 1)
})

it('HAProxy itself has these weights, drains who drains, and takes it back when that is taken back', async () => {
  const replicas = [small, large, full, draining].map(({ port, replica }) => ({
    port,
    agentPort: replica.agentPort ?? 0,
  }))
  await using haproxy = await startHaproxy(replicas)
  const asTold = async () => {
    const servers = await haproxy.servers()
    const [ofSmall, ofLarge, ofFull] = servers.map(({ weight }) => weight)
    expect(servers.map(({ status }) => status)).toEqual(['UP', 'UP', 'UP', 'DRAIN (agent)'])
    expect((ofSmall ?? 0) / 100).toBeCloseTo(1 / 3, 1)
    expect([ofLarge, ofFull]).toEqual([100, 0])
  }
  await expect.poll(() => asTold().then(() => true, String), POLL).toBe(true)
  await using client = await RawClient.connect(haproxy)
  await client.fence()
  await ask(small, 'mutation Undrain($id: ID!) { undrain(replicaId: $id) { id } }', {
    id: draining.replica.id,
  })
  await expect.poll(async () => (await haproxy.servers())[3]?.status, POLL).toBe('UP')
})

it('whoever subscribes to the replicas sees a drain from its start to its end, and that it is taken back', async () => {
  const { id } = large.replica
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(large)))
  await using watched = await watchReplicas(small)
  const own = async () => (await watched.next()).find((row) => row.id === id)
  while ((await own())?.sessions !== 20);
  await ask(small, 'mutation Drain($id: ID!) { drain(replicaId: $id, withinSeconds: 3) { id } }', { id })
  const seen: Row[] = []
  for (let row = await own(); row && row.drainProgress !== 1; row = await own()) seen.push(row)
  const drained = seen.filter(({ state }) => state === 'DRAINING')
  expect(drained.length).toBeGreaterThanOrEqual(2)
  expect(drained.map(({ weight }) => weight)).toEqual(drained.map(() => 0))
  const progress = drained.map(({ drainProgress }) => drainProgress ?? Number.NaN)
  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(drained.map(({ sessions }) => sessions)).toEqual(progress.map((part) => Math.round(20 * (1 - part))))
  for (const client of clients) expect((await client.closed()).code).toBe(1012)
  await ask(small, 'mutation Undrain($id: ID!) { undrain(replicaId: $id) { id } }', { id })
  let row = await own()
  while (row?.state !== 'UP') row = await own()
  expect(row).toMatchObject({ sessions: 0, drainProgress: null })
  expect(row.weight).toBeGreaterThan(0)
})
