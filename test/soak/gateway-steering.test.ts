import { expect, test, vi } from 'vitest'
import { Crowd, type Placement } from '../support/crowd.ts'
import { type GatewayProcess, isReady, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest } from '../support/graphql-request.ts'
import { startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 120_000, interval: 200 }
const CLIENTS = 6_000
const MORE_CLIENTS = 2_000
const PER_SECOND = 200

interface Row {
  readonly id: string
  readonly sessions: number
  readonly weight: number
}

interface Reading {
  readonly at: number
  readonly rows: readonly Row[]
}

test('6,000 clients come to three replicas, 2,000 more when a fourth has joined: even at every moment', async () => {
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'warn', '--drain-seconds', '10']
  await using door = await startGatewayProcess({ command: 'gateway', args })
  await using _a = await startGatewayProcess({ args })
  await using _b = await startGatewayProcess({ args })
  await using _c = await startGatewayProcess({ args })
  await vi.waitUntil(() => isReady(door), LIMIT)
  await expect.poll(async () => (await rowsOf(door)).length, LIMIT).toBe(3)
  await using crowd = new Crowd(4)

  await crowd.connect(door.wsUrl, CLIENTS, 1.5 * PER_SECOND)
  await expect.poll(async () => total(await rowsOf(door)), LIMIT).toBe(CLIENTS)
  console.info('after connecting', await rowsOf(door))
  expect(imbalance(await rowsOf(door))).toBeLessThanOrEqual(1.05)

  await using _d = await startGatewayProcess({ args })
  await expect.poll(async () => (await rowsOf(door)).length, LIMIT).toBe(4)
  const readings: Reading[] = []
  const clock = setInterval(async () => {
    readings.push({ at: Date.now(), rows: await rowsOf(door) })
  }, 250)
  const joinedAt = crowd.placements.length
  await crowd.connect(door.wsUrl, MORE_CLIENTS, PER_SECOND)
  clearInterval(clock)
  const peaks = peaksOf(crowd.placements.slice(joinedAt), readings)
  const highest = peaks.filter(({ fair }) => fair > 10).sort((a, b) => b.got / b.fair - a.got / a.fair)[0]
  console.info('the most that a replica got of a second’s arrivals', highest)
  for (const { got, allowed } of peaks) expect(got).toBeLessThanOrEqual(allowed)

  const { data } = await graphqlRequest<{ rebalance: number }>(
    door,
    'mutation { rebalance(threshold: 1.05) }',
  )
  expect(data?.rebalance).toBeGreaterThan(0)
  await expect.poll(async () => imbalance(await rowsOf(door)), LIMIT).toBeLessThanOrEqual(1.1)
  console.info('after the rebalance', await rowsOf(door))
  expect(crowd.closes).toEqual({})
})

async function rowsOf(door: GatewayProcess): Promise<readonly Row[]> {
  const { data } = await graphqlRequest<{ replicas: Row[] }>(door, '{ replicas { id sessions weight } }')
  return data?.replicas ?? []
}

const total = (rows: readonly Row[]) => rows.reduce((sum, { sessions }) => sum + sessions, 0)

/** Busiest to mean. */
function imbalance(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ sessions }) => sessions)) / (total(rows) / rows.length)
}

/**
 * For each second and replica: how many of its arrivals it got, and twice what its weight was worth; with three standard
 * deviations of that, since a choice among two is drawn.
 */
function peaksOf(placements: readonly Placement[], readings: readonly Reading[]) {
  const seconds = new Set(placements.map(({ at }) => Math.floor(at / 1_000)))
  return [...seconds].flatMap((second) => {
    const arrivals = placements.filter(({ at }) => Math.floor(at / 1_000) === second)
    const near = readings.filter(({ at }) => Math.abs(at - (second + 0.5) * 1_000) <= 1_000)
    const ids = new Set(near.flatMap(({ rows }) => rows.map(({ id }) => id)))
    return [...ids].map((id) => {
      const weight = Math.max(...near.map(({ rows }) => rows.find((row) => row.id === id)?.weight ?? 0))
      const fair = (arrivals.length * weight) / 100
      const got = arrivals.filter(({ replicaId }) => replicaId === id).length
      return { id, weight, arrivals: arrivals.length, fair, got, allowed: 2 * fair + 3 * Math.sqrt(2 * fair) }
    })
  })
}
