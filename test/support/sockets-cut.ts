import { expect } from 'vitest'
import { startCuttingProxy } from './cutting-proxy.ts'
import { startGatewayProcess } from './gateway.ts'
import { LoadRun } from './load-run.ts'
import { seedOfRun } from './random.ts'
import type { AnyRedis } from './redis-kinds.ts'

const MESSAGES = 20_000 // some 9 seconds of load
const SLOW_MS = 250
/** As after a kill; and, where it was slow, two round trips: of the question under way, and of the one that covers it. */
const OLDEST_REPEAT_MS = 500 + 2 * (2 * SLOW_MS)

/** Client sockets are reset, stalled and slowed under load. Fails unless every stock client has all that was accepted. */
export async function cutSockets(startRedis: () => Promise<AnyRedis>): Promise<void> {
  const seed = seedOfRun()
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'warn', '--idle-timeout-seconds', '2']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  const network = { cutsPerSecond: 15, slowMs: SLOW_MS }
  await using toFirst = await startCuttingProxy({ ...network, target: first.port, seed })
  await using toSecond = await startCuttingProxy({ ...network, target: second.port, seed: seed + 1 })
  const proxies = [toFirst, toSecond]
  await using load = await LoadRun.start({
    clientUrls: proxies.map(({ port }) => `ws://127.0.0.1:${port}/graphql`),
    replicas: [first, second],
  })
  for (const proxy of proxies) proxy.begin()
  await load.received(MESSAGES)
  for (const proxy of proxies) proxy.calm()
  const { violations, ...result } = await load.finish()
  const because = `with SEED=${seed}, ${JSON.stringify({ result, cuts: proxies.map(({ cuts }) => cuts) })}`
  expect(violations, because).toEqual([])
  expect(result.refusals, because).toEqual({})
  expect(result.unanswered, because).toBe(0)
  for (const { cuts } of proxies) expect(Math.min(...Object.values(cuts)), because).toBeGreaterThan(10)
  expect(result.reconnects, because).toBeGreaterThan(50)
  expect(result.oldestRepeatMs, because).toBeLessThanOrEqual(OLDEST_REPEAT_MS)
}
