import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import {
  type GatewayProcess,
  startGatewayProcess,
  startTestFrontDoor,
  startTestGateway,
} from '../support/gateway.ts'
import { graphqlRequest, PUSH, push } from '../support/graphql-request.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const KINDS = { push: 2, store: 4, route: 5, write: 4 } as const

let redis: RedisServer
let receiver: OtlpReceiver
beforeAll(async () => {
  redis = await startRedis()
  receiver = await startOtlpReceiver()
})
afterAll(async () => {
  for (const each of [receiver, redis]) await each?.[Symbol.asyncDispose]()
})

/** Spans leave in batches: at the latest when the process has stopped. */
async function stop(replica: GatewayProcess): Promise<void> {
  replica.kill('SIGTERM')
  expect(await replica.exited).toMatchObject({ code: 0 })
}

function childrenOf(parent: ReceivedSpan | undefined): ReceivedSpan[] {
  return receiver.spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId)
}

test('the way of a push from its pusher over two replicas is one trace: push, store, and at each route and write', async () => {
  const args = ['--redis', redis.url, '--drain-seconds', '0', '--log-sample', '1']
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.url }
  await using a = await startGatewayProcess({ args: [...args, '--replica-id', 'a'], env })
  await using b = await startGatewayProcess({
    args: [...args, '--traces-url', receiver.url, '--replica-id', 'b'],
  })
  await using nearby = await RawClient.connect(a)
  await nearby.subscribe('1', ['room'])
  await using client = await RawClient.connect(b)
  await client.subscribe('1', ['room'])
  await client.subscribe('2', ['room', 'alice'])
  const input = { to: ['room', 'alice', 'nobody'], payload: 'hi' }
  const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`
  const answer = await graphqlRequest<{ push: { id: string } }>(a, PUSH, { input }, { traceparent })
  const id = answer.data?.push.id
  await nearby.nextMessage('1')
  await client.nextMessage('1')
  await client.nextMessage('2')
  await client.nextMessage('2')
  await stop(a)
  await stop(b)

  expect(receiver.problems).toEqual([])
  const spans = receiver.spans.filter(({ traceId }) => traceId === TRACE_ID)
  expect(spans.map(({ name, instance }) => `${name} at ${instance}`).sort()).toEqual(
    ['push at a', 'store at a', 'route at a', 'write at a', 'route at b', 'write at b'].sort(),
  )
  const [pushed] = spans.filter(({ parentSpanId }) => parentSpanId === PARENT_ID)
  const [stored] = childrenOf(pushed)
  const routed = childrenOf(stored)
  expect([pushed?.name, stored?.name, ...routed.map(({ name }) => name)]).toEqual([
    'push',
    'store',
    'route',
    'route',
  ])
  for (const route of routed) {
    const [write] = childrenOf(route)
    expect(write?.name).toBe('write')
    const b = route.instance === 'b'
    expect(route.attributes).toMatchObject({
      'messaging.batch.message_count': b ? 2 : 1,
      'cloudpush.messages': b ? 3 : 1,
    })
    expect(write?.attributes).toMatchObject({
      'cloudpush.sessions': 1,
      'messaging.batch.message_count': b ? 3 : 1,
    })
  }
  expect(stored?.attributes).toMatchObject({
    ...{ 'messaging.operation.type': 'send', 'messaging.batch.message_count': 3, 'db.system.name': 'redis' },
    ...{ 'cloudpush.offline': 1, 'cloudpush.duplicate': false },
  })
  expect(pushed?.attributes).toMatchObject({
    'graphql.operation.type': 'mutation',
    'messaging.message.body.size': 4,
  })
  for (const span of spans) {
    expect(span.kind).toBe(KINDS[span.name as keyof typeof KINDS])
    expect(span.attributes).toMatchObject({ 'messaging.system': 'cloudpush', 'messaging.message.id': id })
    expect(span.end >= span.start).toBe(true)
    expect(span.status).toBe(0)
  }
  // The log names the trace, so that one leads to the other.
  expect(a.output()).toMatch(new RegExp(`"event.action":"push-accepted".*"trace.id":"${TRACE_ID}"`))
})

test('through a gateway as well: what is refused is an error; who decided not to record is heeded; a wrong traceparent begins anew', async () => {
  receiver.spans.splice(0)
  {
    const redisPrefix = `test-${randomUUID()}`
    await using replica = await startTestGateway({ redis: redis.url, redisPrefix, tracesUrl: receiver.url })
    await using gateway = await startTestFrontDoor(redis.url, { redisPrefix })
    await using client = await RawClient.connect(replica)
    await client.subscribe('1', ['alice'])
    await graphqlRequest(gateway, PUSH, { input: { to: [], payload: 1 } })
    const input = { to: ['alice'], payload: 1 }
    await graphqlRequest(gateway, PUSH, { input }, { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` })
    await graphqlRequest(gateway, PUSH, { input }, { traceparent: 'nonsense' })
    for (const _each of [1, 2]) await client.nextMessage('1')
  }
  const names = receiver.spans.map(({ name }) => name)
  expect(names.sort()).toEqual(['push', 'push', 'route', 'store', 'write'])
  expect(receiver.spans.filter(({ status }) => status === 2)).toMatchObject([
    { name: 'push', parentSpanId: '', attributes: { 'error.type': 'BAD_USER_INPUT' } },
  ])
  expect(receiver.spans.filter(({ traceId }) => traceId === TRACE_ID)).toEqual([])
})

test('a session that goes before its socket was written to does not keep the trace open; of a share of 0 nothing is told', async () => {
  receiver.spans.splice(0)
  {
    await using gateway = await startTestGateway({ tracesUrl: receiver.url })
    await using quiet = await startTestGateway({ tracesUrl: receiver.url, tracesSample: 0 })
    const client = await RawClient.connect(gateway)
    await client.subscribe('1', ['alice'])
    await push(quiet, { to: ['alice'], payload: 1 })
    const pushing = push(gateway, { to: ['alice'], payload: 1 })
    client.socket.terminate()
    await pushing
    await client.closed()
  }
  const written = receiver.spans.filter(({ name }) => name === 'write')
  const routed = receiver.spans.filter(({ name }) => name === 'route')
  expect(receiver.spans.filter(({ name }) => name === 'push')).toHaveLength(1)
  expect(written).toHaveLength(
    routed.filter(({ attributes }) => attributes['cloudpush.messages'] === 1).length,
  )
})

test('a receiver that is away is told of once, and costs no push', async () => {
  const gone = await startOtlpReceiver()
  await gone[Symbol.asyncDispose]()
  await using replica = await startGatewayProcess({
    args: ['--traces-url', gone.url, '--drain-seconds', '0'],
  })
  await using client = await RawClient.connect(replica)
  await client.subscribe('1', ['alice'])
  await push(replica, { to: ['alice'], payload: 1 })
  await client.nextMessage('1')
  replica.kill('SIGTERM')
  expect(await replica.exited).toMatchObject({ code: 0 })
  await vi.waitUntil(() => replica.output().includes('cannot be told'), { timeout: EVENT_LIMIT_MS })
  expect(replica.output().match(/cannot be told/g)).toHaveLength(1)
})
