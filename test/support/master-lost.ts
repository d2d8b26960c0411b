import { expect } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { startGatewayProcess } from './gateway.ts'
import { LoadRun } from './load-run.ts'
import { besideTheFirst, type FailingRedis, type RedisKindOptions } from './redis-kinds.ts'

export interface MasterLostOptions {
  /** How much comes before and after. */
  readonly partMessages: number
  readonly pushesPerSecond: number
}

/** After the master was lost. */
export interface MasterLostTimes {
  /** One of its replicas was the master. */
  readonly takenOverMs: number
  /** A push to one of its inboxes was accepted. */
  readonly firstAcceptedMs: number
  /** To each of them. */
  readonly eachAcceptedMs: number
}

const REPLICAS = 2 // of each master: one of them becomes the master, the other one confirms

/**
 * A master is killed under load, with a write quorum of one. Fails unless every stock client keeps its socket and has all that was
 * accepted, in order; what was not accepted may have come and been lost, and then it is told.
 */
export async function loseMaster(
  startRedis: (options: RedisKindOptions) => Promise<FailingRedis>,
  { partMessages, pushesPerSecond }: MasterLostOptions,
): Promise<MasterLostTimes> {
  await using redis = await startRedis({ replicas: REPLICAS })
  const args = ['--redis', redis.url, '--write-quorum', '1', '--log-level', 'error']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  await using load = await LoadRun.start({
    clientUrls: [first.wsUrl, second.wsUrl],
    replicas: [first, second],
    clientsPerKind: 20,
    pushesPerSecond,
    losesTail: true,
  })
  const concerned = await besideTheFirst(redis, load.identifiers)
  await load.received(partMessages)
  const { inbox } = createKeys('cp', redis.layout)
  const { killedAt, takenOverAt } = await redis.failOver(inbox(concerned[0] as string))
  const backAt = await load.acceptedAfter(killedAt, concerned)
  await load.received(partMessages)
  const { violations, refusals, ...result } = await load.finish()
  const times = {
    takenOverMs: takenOverAt - killedAt,
    firstAcceptedMs: Math.min(...backAt) - killedAt,
    eachAcceptedMs: Math.max(...backAt) - killedAt,
  }
  console.info('a master of Redis lost under load', {
    concerned: concerned.length,
    ...times,
    refusals,
    ...result,
  })
  expect(violations).toEqual([])
  expect(Object.keys(refusals)).toEqual(['BROKER_UNAVAILABLE'])
  expect(result).toMatchObject({ reconnects: 0, unanswered: 0 })
  return times
}
