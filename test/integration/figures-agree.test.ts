import { once } from 'node:events'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { parseMetrics } from '../support/metric-lint.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const SUBSCRIBERS = 500
const ROOMS = 10
/** To all rooms: a delivery to every subscriber each. To one room: to a tenth of them. */
const TO_ALL = 150
const TO_ONE = 500
const PUSHES = TO_ALL + TO_ONE
const DELIVERIES = TO_ALL * SUBSCRIBERS + (TO_ONE * SUBSCRIBERS) / ROOMS
const ACKNOWLEDGED = 20
const UNDER_WAY = 8
/** Statistics are written each second, receipts and proofs several times a second; the rest is for a busy machine. */
const AGREE_WITHIN_MS = 5_000

let redis: RedisServer
let replicas: readonly [GatewayProcess, GatewayProcess]
const sockets: WebSocket[] = []
let received = 0
let lastAt = 0

beforeAll(async () => {
  redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'error']
  replicas = [await startGatewayProcess({ args }), await startGatewayProcess({ args })]
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  for (const each of [...(replicas ?? []), redis]) await each[Symbol.asyncDispose]()
})

test(`over ${DELIVERIES} deliveries, what clients counted, receipts, statistics and metrics agree`, async () => {
  expect(DELIVERIES).toBe(100_000)
  await Promise.all(Array.from({ length: SUBSCRIBERS }, (_, n) => listen(n)))
  await vi.waitUntil(async () => (await sum('cloudpush_subscriptions')) === SUBSCRIBERS, {
    timeout: EVENT_LIMIT_MS,
    interval: 50,
  })
  const ids = await pushAll()
  await vi.waitUntil(() => received >= DELIVERIES, { timeout: EVENT_LIMIT_MS, interval: 20 })
  for (const id of ids.slice(0, ACKNOWLEDGED)) {
    const mutation = 'mutation A($id: ID!) { acknowledge(messageId: $id, identifier: "room:0") }'
    await graphqlRequest(replicas[1], mutation, { id })
  }
  const acknowledgedAt = performance.now()

  const expected = { sent: DELIVERIES, delivered: DELIVERIES, acknowledged: ACKNOWLEDGED }
  const agree = { timeout: EVENT_LIMIT_MS, interval: 100 }
  const opened = { sessionsOpened: SUBSCRIBERS, sessionsClosed: 0 }
  await expect.poll(() => statistics(), agree).toEqual({ pushes: PUSHES, ...expected, ...opened })
  await expect.poll(() => metrics(), agree).toEqual({ pushes: PUSHES, ...expected, ...opened })
  expect(performance.now() - Math.max(lastAt, acknowledgedAt)).toBeLessThan(AGREE_WITHIN_MS)
  expect(await receipts(ids)).toEqual(expected)
  expect(received).toBe(DELIVERIES)
  expect(await sum('cloudpush_delivery_latency_seconds_count')).toBe(DELIVERIES)

  for (const socket of sockets) socket.close(1000)
  const closed = { sessionsOpened: SUBSCRIBERS, sessionsClosed: SUBSCRIBERS }
  await expect.poll(() => statistics(), agree).toMatchObject(closed)
  expect(await metrics()).toMatchObject(closed)
})

/** Counts the messages of one room and answers every question of its replica, as the stock client does. */
async function listen(n: number): Promise<void> {
  const { wsUrl } = replicas[n % 2] as GatewayProcess
  const socket = new WebSocket(wsUrl, 'graphql-transport-ws')
  sockets.push(socket)
  socket.on('message', (data) => {
    const text = data.toString()
    if (text.includes('"type":"next"')) {
      received++
      lastAt = performance.now()
      return
    }
    const { type, payload } = JSON.parse(text) as { type: string; payload?: unknown }
    if (type === 'ping') socket.send(JSON.stringify({ type: 'pong', payload }))
    if (type !== 'connection_ack') return
    const query = `subscription { messages(identifiers: ["room:${n % ROOMS}"]) { id payload } }`
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init' }))
}

/** The ids of pushes to all rooms first. */
async function pushAll(): Promise<string[]> {
  const all = Array.from({ length: ROOMS }, (_, room) => `room:${room}`)
  const ids: string[] = []
  let next = 0
  const pusher = async () => {
    while (next < PUSHES) {
      const n = next++
      const to = n < TO_ALL ? all : [`room:${n % ROOMS}`]
      const { id } = await push(replicas[n % 2] as GatewayProcess, { to, payload: { n } })
      ids[n] = id
    }
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, pusher))
  return ids
}

async function statistics() {
  const query =
    '{ statistics(lastMinutes: 5) { minutes { pushes sent delivered acknowledged sessionsOpened sessionsClosed } } }'
  const { data } = await graphqlRequest<{ statistics: { minutes: Record<string, number>[] } }>(
    replicas[1],
    query,
  )
  const sums: Record<string, number> = {}
  for (const minute of data?.statistics.minutes ?? []) {
    for (const [name, count] of Object.entries(minute)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

async function metrics() {
  return {
    pushes: await sum('cloudpush_pushes_total'),
    sent: await sum('cloudpush_messages_sent_total'),
    delivered: await sum('cloudpush_messages_delivered_total'),
    acknowledged: await sum('cloudpush_messages_acknowledged_total'),
    sessionsOpened: await sum('cloudpush_sessions_opened_total'),
    sessionsClosed: await sum('cloudpush_session_duration_seconds_count'),
  }
}

/** Of one series, whatever its labels, over both replicas. */
async function sum(series: string): Promise<number> {
  let total = 0
  for (const { url } of replicas) {
    const scraped = parseMetrics(await (await fetch(`${url}/metrics`)).text())
    for (const { samples } of scraped.values()) {
      for (const { name, value } of samples) if (name === series) total += value
    }
  }
  return total
}

async function receipts(ids: readonly string[]) {
  const sums = { sent: 0, delivered: 0, acknowledged: 0 }
  for (let start = 0; start < ids.length; start += 50) {
    const fields = ids
      .slice(start, start + 50)
      .map((id, n) => `r${n}: receipt(pushId: "${id}") { sent delivered acknowledged }`)
    const { data } = await graphqlRequest<Record<string, typeof sums>>(replicas[0], `{ ${fields.join(' ')} }`)
    for (const { sent, delivered, acknowledged } of Object.values(data ?? {})) {
      sums.sent += sent
      sums.delivered += delivered
      sums.acknowledged += acknowledged
    }
  }
  return sums
}
