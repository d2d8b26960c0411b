import { expect, it } from 'vitest'
import { startGatewayProcess } from '../support/gateway.ts'
import { LoadRun } from '../support/load-run.ts'
import { startRedis } from '../support/redis.ts'

const CLIENTS_PER_KIND = 10 // 40 of the four kinds
const PART_MESSAGES = 300

it('invariants 1, 2, 3 and 5: a gateway is killed with -9 under load; its clients come back through another one, and miss nothing', async () => {
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'warn']
  await using first = await startGatewayProcess({ args })
  await using second = await startGatewayProcess({ args })
  await using left = await startGatewayProcess({ command: 'gateway', args })
  await using right = await startGatewayProcess({ command: 'gateway', args })
  await using load = await LoadRun.start({
    clientUrls: [left.wsUrl, right.wsUrl],
    replicas: [first, second],
    clientsPerKind: CLIENTS_PER_KIND,
  })
  await load.received(PART_MESSAGES)
  left.kill('SIGKILL')
  await left.exited
  await load.reconnected(2 * CLIENTS_PER_KIND)
  await load.received(PART_MESSAGES)
  const { violations, ...result } = await load.finish()
  expect(violations).toEqual([])
  expect(result).toMatchObject({ refusals: {}, unanswered: 0, reconnects: 2 * CLIENTS_PER_KIND })
  // Their replicas lived on: what is repeated is what had not been proved when the gateway died.
  expect(result.repeats).toBeLessThanOrEqual(result.allowedRepeats)
})
