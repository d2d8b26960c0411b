import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { push, untilOnline } from '../support/graphql-request.ts'
import { startRedis } from '../support/redis.ts'

const IDENTIFIERS = Array.from({ length: 50 }, (_, n) => `slow:${n}`)
const PUSHES = 1_000 // to all of them: 50,000 messages
/** With a reader that reads: by then a process is as large as this load makes it. */
const WARM_UP_ROUNDS = 3
const ROUNDS = WARM_UP_ROUNDS + 1
const RETAINED = 600 // of each inbox
const PADDING = 'x'.repeat(1_000) // more in all than sockets and kernels hold
const MAX_GROWTH_BYTES = 16 * 2 ** 20
const READ_LIMIT_MS = 60_000 // 60 seconds

it('invariant 8: a reader that stops costs bounded memory; then it gets all within retention, and hears how many are lost', {
  timeout: 180_000,
}, async () => {
  await using redis = await startRedis()
  await using gateway = await startGatewayProcess({
    args: ['--redis', redis.url, '--retention-messages', String(RETAINED), '--log-level', 'error'],
    // A small heap, whose garbage is collected soon: otherwise what waits to be collected is what grows and shrinks. What
    // is kept for a reader, buffers outside of the heap, shows all the same, or there is no room for it.
    env: { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=40' },
  })
  using reader = await Reader.connect(gateway)
  let warm = 0
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    warm = Math.max(warm, await pushAll(gateway, round * PUSHES))
    await vi.waitUntil(() => reader.hasAllThrough((round + 1) * PUSHES - 1), { timeout: READ_LIMIT_MS })
  }

  reader.socket.pause()
  const largest = await pushAll(gateway, WARM_UP_ROUNDS * PUSHES)
  expect(largest - warm).toBeLessThan(MAX_GROWTH_BYTES)
  const readBefore = reader.count

  reader.socket.resume()
  await vi.waitUntil(() => reader.hasAllThrough(ROUNDS * PUSHES - 1), { timeout: READ_LIMIT_MS })
  // What was lost was lost while nobody read, and is not more than retention did not keep.
  expect(reader.count - readBefore).toBeGreaterThanOrEqual(IDENTIFIERS.length * RETAINED)
  expect(reader.violations).toEqual([])
  expect(reader.missed).toBeGreaterThan(0)
  expect(reader.count + reader.missed).toBe(ROUNDS * PUSHES * IDENTIFIERS.length)
})

/** Pushes 50,000 messages numbered from `first`; answers how large the process was at its largest meanwhile. */
async function pushAll(gateway: GatewayProcess, first: number): Promise<number> {
  let largest = 0
  for (let n = first; n < first + PUSHES; n++) {
    await push(gateway, { to: IDENTIFIERS, payload: [n, PADDING] })
    if (n % 20 === 0) largest = Math.max(largest, await residentBytes(gateway))
  }
  return Math.max(largest, await residentBytes(gateway))
}

/** Resident set size of a process, as `ps` says it on every system. */
async function residentBytes(gateway: GatewayProcess): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(gateway.pid)])
  return Number(stdout) * 1_024
}

/** One session with one subscription of all the identifiers, which answers pings and checks what comes. */
class Reader implements Disposable {
  readonly socket: WebSocket
  count = 0
  missed = 0
  readonly violations: string[] = []
  readonly #last = new Map(IDENTIFIERS.map((identifier) => [identifier, -1]))

  private constructor(url: string) {
    this.socket = new WebSocket(url, 'graphql-transport-ws')
    this.socket.on('message', (data) => this.#receive(JSON.parse(data.toString())))
  }

  static async connect(gateway: GatewayProcess): Promise<Reader> {
    const reader = new Reader(gateway.wsUrl)
    await once(reader.socket, 'open')
    reader.#send({ type: 'connection_init' })
    await Promise.all(IDENTIFIERS.map((identifier) => untilOnline(gateway, identifier)))
    return reader
  }

  hasAllThrough(n: number): boolean {
    return [...this.#last.values()].every((last) => last >= n)
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }

  #send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  #receive({ type, payload }: { type: string; payload?: unknown }): void {
    if (type === 'connection_ack') {
      const query =
        'subscription Slow($to: [ID!]!) { messages(identifiers: $to) { identifier payload redelivered missed } }'
      this.#send({ id: '1', type: 'subscribe', payload: { query, variables: { to: IDENTIFIERS } } })
    }
    if (type === 'ping') this.#send({ type: 'pong', payload })
    if (type === 'next') this.#check((payload as { data: { messages: Received } }).data.messages)
  }

  #check({ identifier, payload: [n], redelivered, missed }: Received): void {
    const last = this.#last.get(identifier) ?? -1
    this.count++
    this.missed += missed
    this.#last.set(identifier, n)
    if (n === last + 1 + missed && !redelivered) return
    this.violations.push(
      `${identifier}: ${n} after ${last}, missed ${missed}${redelivered ? ', redelivered' : ''}`,
    )
  }
}

interface Received {
  readonly identifier: string
  readonly payload: readonly [n: number, padding: string]
  readonly redelivered: boolean
  readonly missed: number
}
