import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let redis: RedisServer
let a: TestGateway
let b: TestGateway

beforeAll(async () => {
  redis = await startRedis()
  a = await startTestGateway({ redis: redis.url, drainSeconds: 2 })
  b = await startTestGateway({ redis: redis.url, drainSeconds: 2 })
  for (const gateway of [a, b])
    await vi.waitFor(async () => expect(await listed(gateway)).toHaveLength(2), LIMIT)
})

afterAll(async () => {
  await Promise.all([a?.[Symbol.asyncDispose](), b?.[Symbol.asyncDispose]()])
  await redis?.[Symbol.asyncDispose]()
})

interface Row {
  readonly id: string
  readonly state: string
  readonly sessions: number
  readonly weight: number
  readonly drainProgress: number | null
}

const FIELDS = '{ id state sessions weight drainProgress }'

async function ask<T>(
  gateway: TestGateway,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const { data, errors } = await graphqlRequest<T>(gateway, query, variables)
  if (!data) throw new Error(JSON.stringify(errors))
  return data
}

const listed = async (gateway: TestGateway) =>
  (await ask<{ replicas: Row[] }>(gateway, `{ replicas ${FIELDS} }`)).replicas

const rowOf = async (gateway: TestGateway, id: string) => (await listed(gateway)).find((row) => row.id === id)

const DRAIN = `mutation Drain($id: ID!, $within: Int) { drain(replicaId: $id, withinSeconds: $within) ${FIELDS} }`
const UNDRAIN = `mutation Undrain($id: ID!) { undrain(replicaId: $id) ${FIELDS} }`

describe('a drain', () => {
  it('takes the weight first, then moves the sessions evenly, each with 1012, and ends when it is taken back', async () => {
    const { id } = b.replica
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(b)))
    await Promise.all(clients.map((client) => client.subscribe('1', ['drained'])))
    const closedAt: number[] = []
    const closings = clients.map(async (client) => {
      const closed = await client.closed()
      closedAt.push(performance.now())
      return closed
    })

    const { drain } = await ask<{ drain: Row }>(a, DRAIN, { id, within: 2 })
    expect(drain).toMatchObject({ id, state: 'DRAINING', weight: 0 })
    for (let draw = 0; draw < 20; draw++) {
      const { endpoint } = await ask<{ endpoint: { replicaId: string } }>(
        a,
        '{ endpoint(identifier: "drained") { replicaId } }',
      )
      expect(endpoint.replicaId).toBe(a.replica.id)
    }
    expect((await fetch(`${b.url}/readyz`)).status).toBe(503)
    // Those that are still there are served to the last.
    const { offline } = await push(a, { to: ['drained'], payload: 'while draining' })
    expect(offline).toEqual([])

    for (const closed of await Promise.all(closings)) expect(closed.code).toBe(1012)
    // Twenty sessions in twenty steps of a tenth of a second: not one burst, however busy this machine is.
    expect((closedAt.at(-1) ?? 0) - (closedAt[0] ?? 0)).toBeGreaterThan(1_000)
    await expect
      .poll(() => rowOf(a, id), LIMIT)
      .toMatchObject({ state: 'DRAINING', sessions: 0, drainProgress: 1, weight: 0 })
    await using refused = await RawClient.open(b)
    expect((await refused.closed()).code).toBe(1012)

    const { undrain } = await ask<{ undrain: Row }>(a, UNDRAIN, { id })
    expect(undrain).toMatchObject({ id, state: 'UP', drainProgress: null })
    expect(undrain.weight).toBeGreaterThan(0)
    await using accepted = await RawClient.connect(b)
    await accepted.subscribe('1', ['drained'])
  })

  it('of a replica that is not there is refused, and so is one over no time at all', async () => {
    expect(codesOf(await graphqlRequest(a, DRAIN, { id: 'nobody', within: 1 }))).toEqual(['NOT_FOUND'])
    expect(codesOf(await graphqlRequest(a, DRAIN, { id: b.replica.id, within: -1 }))).toEqual([
      'BAD_USER_INPUT',
    ])
    expect(codesOf(await graphqlRequest(a, UNDRAIN, { id: 'nobody' }))).toEqual(['NOT_FOUND'])
  })
})

it('a rebalance moves what is above the threshold, and only that', async () => {
  const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(b)))
  let moved = 0
  for (const client of clients) void client.closed().then(({ code }) => (moved += code === 1012 ? 1 : 0))
  await expect.poll(async () => (await rowOf(a, b.replica.id))?.sessions, LIMIT).toBe(12)
  const { rebalance } = await ask<{ rebalance: number }>(a, 'mutation { rebalance(threshold: 1.5) }')
  // The mean is 6: what is above 9 goes.
  expect(rebalance).toBe(3)
  await expect
    .poll(async () => (await rowOf(a, b.replica.id))?.sessions, { ...LIMIT, timeout: 60_000 })
    .toBe(9)
  expect(moved).toBe(3)
  expect(await rowOf(a, b.replica.id)).toMatchObject({ state: 'UP' })
  expect(codesOf(await graphqlRequest(a, 'mutation { rebalance(threshold: 0.5) }'))).toEqual([
    'BAD_USER_INPUT',
  ])
  for (const client of clients) await client[Symbol.asyncDispose]()
})
