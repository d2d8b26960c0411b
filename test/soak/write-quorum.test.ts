import { expect, test } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { Ear, LIMITS, newPush, range } from '../support/conformance/broker/world.ts'
import { startRedis } from '../support/redis.ts'

const ROUNDS = 5
const LOADS = [
  { callers: 1, pushes: 2_000 },
  { callers: 512, pushes: 50 },
] as const

/** For a machine that does nothing else. */
test('what a write quorum of one costs', async () => {
  await using master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
  await using _copy = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
  /** Pushes per second. */
  const rate = async (writeQuorum: number, { callers, pushes }: (typeof LOADS)[number]) => {
    const options = { prefix: `quorum-${writeQuorum}`, replicaId: 'a', limits: LIMITS, writeQuorum }
    await using broker = createRedisBroker({ url: master.url, ...options })
    await broker.listen(new Ear())
    await expect.poll(() => broker.publish(newPush('first')).catch(() => null)).not.toBeNull()
    const begun = performance.now()
    const call = async (caller: number) => {
      for (let n = 0; n < pushes; n++) await broker.publish(newPush(`device:${caller}-${n}`))
    }
    await Promise.all(range(1, callers).map(call))
    return (callers * pushes * 1_000) / (performance.now() - begun)
  }
  for (const load of LOADS) {
    const ratios: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const without = await rate(0, load)
      ratios.push((await rate(1, load)) / without)
    }
    const median = ratios.sort((one, other) => one - other)[ROUNDS >> 1] as number
    console.info('a write quorum of one', { ...load, 'pushes per second, to none': median.toFixed(2) })
    expect(median).toBeGreaterThan(0.3)
  }
})
