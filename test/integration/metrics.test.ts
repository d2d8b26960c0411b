import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { everyMetric, scrape } from '../support/every-metric.ts'
import { type GatewayAddress, startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, PUSH, push } from '../support/graphql-request.ts'
import { histogramProblems, lintMetric, parseMetrics, type ScrapedMetric } from '../support/metric-lint.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis?.[Symbol.asyncDispose]())

async function sampleOf(
  gateway: GatewayAddress,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const samples = [...(await scrape(gateway)).values()].flatMap((metric) => metric.samples)
  const matches = (each: Readonly<Record<string, string>>) =>
    Object.entries(labels).every(([label, value]) => each[label] === value)
  return samples.find((sample) => sample.name === name && matches(sample.labels))?.value
}

test('every metric is what promtool would let pass: help, type, name, units, labels', async () => {
  const { replica, gateway } = await everyMetric(redis.url)
  const metrics = [...replica, ...gateway]
  expect(metrics.length).toBeGreaterThan(50)
  expect(metrics.flatMap(lintMetric)).toEqual([])
  const own = metrics.filter(({ name }) => name.startsWith('cloudpush_'))
  expect(own.flatMap(histogramProblems)).toEqual([])
})

describe('the linter finds', () => {
  const metric = (more: Partial<ScrapedMetric>): ScrapedMetric => ({
    ...{ name: 'cloudpush_things', help: 'Things.', type: 'gauge', samples: [] },
    ...more,
  })
  test.each<[string, Partial<ScrapedMetric>]>([
    ['no help', { help: null }],
    ['no type', { type: null }],
    ['a counter without _total', { type: 'counter' }],
    ['a gauge with _total', { name: 'cloudpush_things_total' }],
    ['a gauge with _count', { name: 'cloudpush_things_count' }],
    ['milliseconds', { name: 'cloudpush_delay_milliseconds' }],
    ['percent', { name: 'cloudpush_cpu_percent' }],
    ['its type in its name', { name: 'cloudpush_things_gauge' }],
    ['camelCase', { name: 'cloudpush_someThings' }],
    ['le', { samples: [{ name: 'cloudpush_things', labels: { le: '1' }, value: 1 }] }],
  ])('%s', (_what, more) => expect(lintMetric(metric(more))).toHaveLength(1))

  test('buckets that shrink, and a count that is not the last one', () => {
    const samples = parseMetrics(
      '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 3\n',
    )
    expect(histogramProblems(samples.get('h') as ScrapedMetric)).toHaveLength(2)
  })
})

test('pushes count by how they came and why they were refused; deliveries with their latency', async () => {
  await using gateway = await startTestGateway()
  await using client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 1, id: 'one' })
  await push(gateway, { to: ['alice'], payload: 1, id: 'one' })
  await client.request('2', 'mutation { push(input: { to: ["alice"], payload: 2 }) { id } }')
  await graphqlRequest(gateway, PUSH, { input: { to: [], payload: 1 } })
  await graphqlRequest(gateway, 'mutation { acknowledge(messageId: "one", identifier: "alice") }')
  await vi.waitFor(
    async () => expect(await sampleOf(gateway, 'cloudpush_delivery_latency_seconds_count')).toBe(2),
    { timeout: EVENT_LIMIT_MS },
  )
  const values: [name: string, expected: number, labels?: Record<string, string>][] = [
    ['cloudpush_pushes_total', 1, { trigger: 'http' }],
    ['cloudpush_pushes_total', 1, { trigger: 'websocket' }],
    ['cloudpush_pushes_duplicate_total', 1],
    ['cloudpush_pushes_refused_total', 1, { code: 'BAD_USER_INPUT' }],
    ['cloudpush_messages_sent_total', 2],
    ['cloudpush_messages_delivered_total', 2],
    ['cloudpush_messages_acknowledged_total', 1],
    ['cloudpush_sessions_opened_total', 1],
    ['cloudpush_draining', 0],
  ]
  for (const [name, expected, labels] of values) {
    expect([name, await sampleOf(gateway, name, labels)]).toEqual([name, expected])
  }
  const weight = await sampleOf(gateway, 'cloudpush_weight_ratio')
  expect(weight, 'less than 1 while this machine is busy').toBeGreaterThan(0)
  expect(weight).toBeLessThanOrEqual(1)
})

test('a resumed subscription counts, what is written to it again too, and how long the session before it lasted', async () => {
  await using gateway = await startTestGateway()
  const operation = randomUUID()
  const first = await RawClient.connect(gateway, { echo: false, autoPong: false })
  await first.subscribe(operation, ['alice'])
  await push(gateway, { to: ['alice'], payload: 1 })
  await first.nextMessage(operation)
  first.socket.terminate()
  await first.closed()
  await using second = await RawClient.connect(gateway)
  await second.subscribe(operation, ['alice'])
  expect((await second.nextMessage(operation)).redelivered).toBe(true)
  expect(await sampleOf(gateway, 'cloudpush_subscriptions_resumed_total')).toBe(1)
  expect(await sampleOf(gateway, 'cloudpush_messages_redelivered_total')).toBe(1)
  expect(await sampleOf(gateway, 'cloudpush_session_duration_seconds_count')).toBe(1)
})

test('commands to Redis are timed, and a connection that came back is counted', async () => {
  await using own = await startRedis()
  await using gateway = await startTestGateway({ redis: own.url })
  expect(await sampleOf(gateway, 'cloudpush_redis_command_duration_seconds_count')).toBeGreaterThan(0)
  expect(await sampleOf(gateway, 'cloudpush_redis_reconnections_total')).toBe(0)
  await own.restart()
  await vi.waitFor(
    async () => expect(await sampleOf(gateway, 'cloudpush_redis_reconnections_total')).toBeGreaterThan(0),
    { timeout: EVENT_LIMIT_MS, interval: 50 },
  )
})
