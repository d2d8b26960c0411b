import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { startGatewayProcess } from '../support/gateway.ts'
import { LoadRun } from '../support/load-run.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const PART_MESSAGES = 1_000 // some 0.5 seconds of load
const CUTS = 6

it('invariants 1, 2, 3: Redis connections are cut under load; sockets stay, nothing is missed or comes twice', async () => {
  await using redis = await startRedis()
  await using first = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using second = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using load = await LoadRun.start({
    clientUrls: [first.wsUrl, second.wsUrl],
    replicas: [first, second],
  })
  for (let cut = 0; cut < CUTS; cut++) {
    await load.received(PART_MESSAGES)
    await cutConnections(redis, cut % 2 === 0 ? 'pubsub' : 'normal')
  }
  await load.received(PART_MESSAGES)
  const { violations, refusals, ...result } = await load.finish()
  expect(violations).toEqual([])
  expect(Object.keys(refusals).filter((code) => code !== 'BROKER_UNAVAILABLE')).toEqual([])
  expect(result).toMatchObject({ reconnects: 0, repeats: 0, unanswered: 0 })
})

it('invariants 1, 2, 3: Redis is killed with -9 under load, twice; what it had accepted is kept, what it could not was refused', async () => {
  await using redis = await startRedis({ appendOnly: true })
  await using first = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using second = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using load = await LoadRun.start({
    clientUrls: [first.wsUrl, second.wsUrl],
    replicas: [first, second],
  })
  for (let kill = 0; kill < 2; kill++) {
    await load.received(3 * PART_MESSAGES)
    await redis.kill()
    await load.refused()
    await redis.restart()
  }
  await load.received(3 * PART_MESSAGES)
  const { violations, refusals, ...result } = await load.finish()
  expect(violations).toEqual([])
  expect(Object.keys(refusals)).toEqual(['BROKER_UNAVAILABLE'])
  expect(result).toMatchObject({ reconnects: 0, repeats: 0, unanswered: 0 })
})

async function cutConnections(redis: RedisServer, type: 'normal' | 'pubsub'): Promise<void> {
  const operator = new Redis(redis.url)
  try {
    await operator.call('CLIENT', 'KILL', 'TYPE', type)
  } finally {
    operator.disconnect()
  }
}
