import { expect, test } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { startGatewayProcess } from '../support/gateway.ts'
import { LoadRun } from '../support/load-run.ts'
import { besideTheFirst, startCluster, startSentinels } from '../support/redis-kinds.ts'

const REPLICAS = 2 // of each master: one of them may become the master, the other one confirms
const PART_MESSAGES = 4_000 // some 5 seconds of load
const BACK_WITHIN_MS = 2_000

/** For a machine that does nothing else. */
test.each([
  ['a Cluster', startCluster],
  ['Sentinels', startSentinels],
])(
  'invariants 1, 2, 3: a master that %s replaces dies under load; what a write quorum accepted comes in order, and pushes go on at once',
  async (who, start) => {
    await using redis = await start({ replicas: REPLICAS })
    const args = ['--redis', redis.url, '--write-quorum', '1', '--log-level', 'error']
    await using first = await startGatewayProcess({ args })
    await using second = await startGatewayProcess({ args })
    await using load = await LoadRun.start({
      clientUrls: [first.wsUrl, second.wsUrl],
      replicas: [first, second],
      clientsPerKind: 20,
      pushesPerSecond: 400,
      losesTail: true,
    })
    const concerned = await besideTheFirst(redis, load.identifiers)
    await load.received(PART_MESSAGES)
    const { inbox } = createKeys('cp', redis.layout)
    const { killedAt, takenOverAt } = await redis.failOver(inbox(concerned[0] as string))
    const backAt = await load.acceptedAfter(killedAt, concerned)
    await load.received(PART_MESSAGES)
    const { violations, refusals, ...result } = await load.finish()
    const times = {
      concerned: concerned.length,
      takenOverMs: takenOverAt - killedAt,
      firstAcceptedMs: Math.min(...backAt) - killedAt,
      everyoneAcceptedMs: Math.max(...backAt) - killedAt,
    }
    console.info(`a master that ${who} replaced, under load`, { ...times, refusals, ...result })
    expect(violations).toEqual([])
    expect(Object.keys(refusals)).toEqual(['BROKER_UNAVAILABLE'])
    expect(result).toMatchObject({ reconnects: 0, unanswered: 0 })
    expect(times.firstAcceptedMs - times.takenOverMs).toBeLessThan(BACK_WITHIN_MS)
  },
)
