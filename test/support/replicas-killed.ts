import { expect } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from './gateway.ts'
import { LoadRun } from './load-run.ts'
import type { AnyRedis } from './redis-kinds.ts'

const CLIENTS = 160 // 40 of each of the four kinds
const PHASE_MESSAGES = 5_000 // some 2.3 seconds of load before, between and after the kills

/**
 * One replica after the other is killed with -9 under load. Fails unless every stock client has all that was accepted, and
 * what comes twice is what nobody can know to have come.
 */
export async function killReplicas(startRedis: () => Promise<AnyRedis>): Promise<void> {
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'warn']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  await using load = await LoadRun.start({
    clientUrls: [first.wsUrl, second.wsUrl],
    replicas: [first, second],
  })
  // Half of the clients are on each: those of the one that dies go to the other, which then takes all of them along.
  await load.received(PHASE_MESSAGES)
  await using _firstAgain = await killAndStart(first, args)
  await load.reconnected(CLIENTS / 2)
  await load.received(PHASE_MESSAGES)
  await using _secondAgain = await killAndStart(second, args)
  await load.reconnected(CLIENTS / 2 + CLIENTS)
  await load.received(PHASE_MESSAGES)
  const { violations, ...result } = await load.finish()
  console.info('killed under load', result)
  expect(violations).toEqual([])
  expect(result.refusals).toEqual({})
  expect(result.accepted / result.seconds).toBeGreaterThanOrEqual(500)
  // What clients had not proved, and the store not recorded, when their replica died: no more than half a second of it.
  expect(result.repeats).toBeLessThanOrEqual(result.allowedRepeats)
}

async function killAndStart(replica: GatewayProcess, args: readonly string[]): Promise<GatewayProcess> {
  replica.kill('SIGKILL')
  await replica.exited
  return await startGatewayProcess({ args: [...args, '--port', String(replica.port)] })
}
