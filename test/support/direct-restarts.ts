import { expect } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from './gateway.ts'
import { type LoadResult, LoadRun } from './load-run.ts'
import { startRedis } from './redis.ts'

const CLIENTS_PER_KIND = 150 // 600 of the four kinds
const PART_MESSAGES = 5_000 // some 0.6 seconds of load

/**
 * Both replicas are restarted, one by one, and clients reconnect by themselves. Fails unless that costs a client one
 * reconnect per restart of its own replica, and nothing else.
 */
export async function restartDirect(): Promise<LoadResult> {
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'warn', '--drain-seconds', '1']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  const before = [first, second] as const
  // Every attempt goes to the other of the two: whoever is told to go reconnects to one that is up.
  await using load = await LoadRun.start({
    clientUrls: before.map(({ wsUrl }) => wsUrl),
    replicas: before,
    clientsPerKind: CLIENTS_PER_KIND,
  })
  await load.allReceiving()
  const again: GatewayProcess[] = []
  try {
    // Half of the clients are on each at first; then all of them are on the second.
    for (const [index, moves] of [CLIENTS_PER_KIND * 2, CLIENTS_PER_KIND * 6].entries()) {
      const replica = before[index] as GatewayProcess
      replica.kill('SIGTERM')
      expect(await replica.exited).toEqual({ code: 0, signal: null })
      again.push(await startGatewayProcess({ args: [...args, '--port', String(replica.port)] }))
      await load.reconnected(moves)
      await load.allReceiving()
      await load.received(PART_MESSAGES)
    }
    const result = await load.finish()
    console.info('rolling restart without a gateway', result)
    expect(result.violations).toEqual([])
    expect(result.reconnects).toBe(CLIENTS_PER_KIND * 6)
    return result
  } finally {
    for (const replica of again) await replica[Symbol.asyncDispose]()
  }
}
