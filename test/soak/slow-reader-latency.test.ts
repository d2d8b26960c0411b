import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createGraphqlWsClient } from '../support/clients/graphql-ws.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { push, untilOnline } from '../support/graphql-request.ts'
import { startRedis } from '../support/redis.ts'

const SLOW = Array.from({ length: 50 }, (_, n) => `slow:${n}`)
const WITNESSES = 50
const PHASE_SECONDS = 10
const SLOW_PUSHES_PER_SECOND = 100 // each to all of them: 5,000 messages a second
const WITNESS_PUSHES_PER_SECOND = 20
const PADDING = 'x'.repeat(1_000)
/** Undisturbed and stopped in turn, so that a machine whose speed drifts disturbs both alike. */
const PAIRS = 3

it('invariant 8: a reader that stops reading for ten seconds does not make others wait', async () => {
  await using redis = await startRedis()
  await using gateway = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  const sockets: WebSocket[] = []
  // The stock client, on a socket that a test can stop reading from.
  class StoppableSocket extends WebSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const reader = createGraphqlWsClient({ url: gateway.wsUrl, webSocketImpl: StoppableSocket })
  let had = 0
  const failures: unknown[] = []
  const failed = (error: unknown) => {
    failures.push(error)
  }
  reader.subscribe(SLOW, () => had++, failed)
  const latencies: number[] = []
  const witnesses = Array.from({ length: WITNESSES }, () => {
    const witness = createGraphqlWsClient({ url: gateway.wsUrl, webSocketImpl: WebSocket })
    witness.subscribe(
      ['room'],
      ({ payload }) => latencies.push(performance.now() - (payload as number)),
      failed,
    )
    return witness
  })
  try {
    await Promise.all([...SLOW, 'room'].map((identifier) => untilOnline(gateway, identifier)))
    const phase = async (): Promise<number> => {
      latencies.length = 0
      await pushFor(gateway, PHASE_SECONDS)
      await vi.waitUntil(() => latencies.length >= WITNESSES * WITNESS_PUSHES_PER_SECOND * PHASE_SECONDS, {
        timeout: 30_000,
      })
      return percentile(latencies, 0.99)
    }
    await phase()
    const undisturbed: number[] = []
    const disturbed: number[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      undisturbed.push(await phase())
      sockets[0]?.pause()
      disturbed.push(await phase())
      sockets[0]?.resume()
      const all = SLOW.length * SLOW_PUSHES_PER_SECOND * PHASE_SECONDS * (1 + 2 * (pair + 1))
      await vi.waitUntil(() => had >= all, { timeout: 60_000 })
    }
    console.info('p99 in ms', { undisturbed, disturbed })
    expect(failures).toEqual([])
    expect(median(disturbed)).toBeLessThanOrEqual(2 * median(undisturbed))
  } finally {
    await Promise.all([reader, ...witnesses].map((client) => client.dispose()))
  }
})

/** A steady load on the slow reader and, beside it, on the witnesses. */
async function pushFor(gateway: GatewayProcess, seconds: number): Promise<void> {
  const pushes: Promise<unknown>[] = []
  const pace = async (perSecond: number, send: (n: number) => Promise<unknown>) => {
    const began = performance.now()
    for (let n = 0; n < perSecond * seconds; n++) {
      pushes.push(send(n))
      await delay(Math.max(0, began + ((n + 1) * 1_000) / perSecond - performance.now()))
    }
  }
  await Promise.all([
    pace(SLOW_PUSHES_PER_SECOND, (n) => push(gateway, { to: SLOW, payload: [n, PADDING] })),
    pace(WITNESS_PUSHES_PER_SECOND, () => push(gateway, { to: ['room'], payload: performance.now() })),
  ])
  await Promise.all(pushes)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0
}

const median = (values: readonly number[]) => percentile(values, 0.5)
