import { once } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const SUBSCRIBERS = 1_000
const FROZEN = 100
const COUNTED_WITHIN_MS = 1_000

let redis: RedisServer
let replicas: readonly [GatewayProcess, GatewayProcess]
let listeners: Listener[]
beforeEach(async () => {
  redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'error']
  replicas = [await startGatewayProcess({ args }), await startGatewayProcess({ args })]
  listeners = []
})
afterEach(async () => {
  for (const listener of listeners) listener.socket.terminate()
  for (const each of [...(replicas ?? []), redis]) await each[Symbol.asyncDispose]()
})

it('with 1,000 subscribers on two replicas, delivered is 1,000 within a second of the last pong', async () => {
  await listen(0)
  const { id } = await push(replicas[0], { to: ['everybody'], payload: 'hi' })
  await received(SUBSCRIBERS)
  await vi.waitUntil(() => listeners.every(({ provedAt }) => provedAt > 0), { timeout: EVENT_LIMIT_MS })
  await counted(id, { identifiers: 1, sent: SUBSCRIBERS, delivered: SUBSCRIBERS, acknowledged: 0 })
})

it('100 clients that are frozen have been sent it, and do not count as delivered', async () => {
  await listen(FROZEN)
  const { id } = await push(replicas[0], { to: ['everybody'], payload: 'hi' })
  await received(SUBSCRIBERS)
  const alive = listeners.slice(FROZEN)
  await vi.waitUntil(() => alive.every(({ provedAt }) => provedAt > 0), { timeout: EVENT_LIMIT_MS })
  const expected = { identifiers: 1, sent: SUBSCRIBERS, delivered: SUBSCRIBERS - FROZEN, acknowledged: 0 }
  await counted(id, expected)
  // Another push goes the whole way: what would have been counted late has been counted by then.
  const next = await push(replicas[1], { to: ['everybody'], payload: 'again' })
  await counted(next.id, expected)
  expect(await receiptOf(id)).toEqual(expected)
})

interface Listener {
  readonly socket: WebSocket
  messages: number
  /** When it last answered a question, ms; 0: never. */
  provedAt: number
}

async function listen(frozen: number): Promise<void> {
  const opened = Array.from({ length: SUBSCRIBERS }, async (_, n) => {
    const isFrozen = n < frozen
    const { wsUrl } = replicas[n % 2] as GatewayProcess
    const socket = new WebSocket(wsUrl, 'graphql-transport-ws', { autoPong: !isFrozen })
    const listener: Listener = { socket, messages: 0, provedAt: 0 }
    listeners[n] = listener
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { ack?: number } }
      if (type === 'connection_ack') {
        const query = 'subscription { messages(identifiers: ["everybody"]) { payload } }'
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
      }
      if (type === 'next') listener.messages++
      if (type !== 'ping' || isFrozen) return
      socket.send(JSON.stringify({ type: 'pong', payload }))
      if (payload?.ack !== undefined) listener.provedAt = performance.now()
    })
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init' }))
  })
  await Promise.all(opened)
  const query = '{ presence(identifiers: ["everybody"]) { subscriptions } }'
  const held = async () => {
    const { data } = await graphqlRequest<{ presence: [{ subscriptions: number }] }>(replicas[0], query)
    return data?.presence[0].subscriptions === SUBSCRIBERS
  }
  await vi.waitUntil(held, { timeout: EVENT_LIMIT_MS })
}

async function received(count: number): Promise<void> {
  const all = () => listeners.reduce((sum, { messages }) => sum + messages, 0) >= count
  await vi.waitUntil(all, { timeout: EVENT_LIMIT_MS, interval: 10 })
}

/** Waits for the receipt; it must say so within a second of the last answer of a client. */
async function counted(pushId: string, expected: object): Promise<void> {
  await expect.poll(() => receiptOf(pushId), { timeout: EVENT_LIMIT_MS, interval: 20 }).toEqual(expected)
  const lastAt = Math.max(...listeners.map(({ provedAt }) => provedAt))
  expect(performance.now() - lastAt).toBeLessThanOrEqual(COUNTED_WITHIN_MS)
}

async function receiptOf(pushId: string) {
  const query = 'query Receipt($id: ID!) { receipt(pushId: $id) { identifiers sent delivered acknowledged } }'
  const { data } = await graphqlRequest<{ receipt: object }>(replicas[1], query, { id: pushId })
  return data?.receipt
}
