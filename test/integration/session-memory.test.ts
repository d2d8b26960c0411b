import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { untilOffline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

const GAUGE = new URL('../support/heap-gauge.mjs', import.meta.url).href
const CLIENTS = 1_000
/** Measured: 5.3 KB, more than half of it `ws` and Node's socket. */
const MOST_BYTES = 6_000
/** Tables that have grown do not shrink. */
const MOST_BYTES_LEFT = 500

test('an idle subscribed session keeps no more than 6 KB of heap, and next to nothing when it has gone', async () => {
  await using redis = await startRedis()
  await using gateway = await startGatewayProcess({
    args: ['--redis', redis.url, '--log-level', 'error'],
    env: { NODE_OPTIONS: `--import ${GAUGE}` },
  })
  // What every process has once: compiled code, plans, pools.
  await close(gateway, await connect(gateway, CLIENTS))
  const empty = await heapOf(gateway)
  const clients = await connect(gateway, CLIENTS)
  const full = await heapOf(gateway)
  await close(gateway, clients)
  const left = await heapOf(gateway)
  expect((full - empty) / CLIENTS).toBeLessThan(MOST_BYTES)
  expect((left - empty) / CLIENTS).toBeLessThan(MOST_BYTES_LEFT)
})

async function connect(gateway: GatewayProcess, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  while (clients.length < count) {
    const group = Array.from({ length: 50 }, () => RawClient.connect(gateway))
    const connected = await Promise.all(group)
    await Promise.all(connected.map((client) => client.subscribe(randomUUID(), [`memory:${randomUUID()}`])))
    clients.push(...connected)
  }
  return clients
}

async function close(gateway: GatewayProcess, clients: readonly RawClient[]): Promise<void> {
  const last = `last:${randomUUID()}`
  await clients.at(-1)?.subscribe(randomUUID(), [last])
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  await untilOffline(gateway, last)
}

/** Bytes that are not garbage, once what goes on behind has come to rest. */
async function heapOf(gateway: GatewayProcess): Promise<number> {
  await delay(1_000)
  const said = () => [...gateway.output().matchAll(/^heap (\d+)$/gm)]
  const before = said().length
  gateway.kill('SIGUSR2')
  await vi.waitUntil(() => said().length > before, { timeout: 20_000 })
  return Number(said().at(-1)?.[1])
}
