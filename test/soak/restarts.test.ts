import { expect, test } from 'vitest'
import { restartDirect } from '../support/direct-restarts.ts'
import { type LoadedCluster, readDoor } from '../support/gateway-cluster.ts'
import { killBehindGateway, restartBehindGateway } from '../support/gateway-restarts.ts'
import { graphqlRequest } from '../support/graphql-request.ts'
import { restartBehindHaproxy } from '../support/haproxy-restarts.ts'
import type { LoadResult } from '../support/load-run.ts'

const partMessages = 3_000
const LIMIT = { timeout: 60_000, interval: 50 }
const PUSHES_PER_SECOND = 500

// What test/chaos shows of restarts on any machine, on one that does nothing else: under the load that it has to carry then.

test('99 of 100 sessions of a killed replica are at another one within half a second, under 500 pushes a second', async () => {
  const check = ({ shareWithin }: { shareWithin(seconds: number): number }) =>
    expect(shareWithin(0.5)).toBeGreaterThanOrEqual(0.99)
  expectLoad(await killBehindGateway({ partMessages, prepare: rebalance, check }))
})

test('a rolling restart behind a gateway, under 500 pushes a second', async () => {
  expectLoad(await restartBehindGateway({ partMessages }))
})

test('a rolling restart without a gateway, under 500 pushes a second', async () => {
  expectLoad(await restartDirect())
})

test('a rolling restart behind HAProxy, under 500 pushes a second', async () => {
  expectLoad(await restartBehindHaproxy())
})

function expectLoad({ accepted, seconds }: LoadResult): void {
  expect(accepted / seconds).toBeGreaterThanOrEqual(PUSHES_PER_SECOND)
}

/** Resolves when all that moves has moved. */
async function rebalance({ door }: LoadedCluster): Promise<void> {
  const before = await readDoor(door)
  const { data } = await graphqlRequest<{ rebalance: number }>(
    door,
    'mutation { rebalance(threshold: 1.05) }',
  )
  const goal = before.rehomings + (data?.rebalance ?? 0)
  await expect.poll(async () => (await readDoor(door)).rehomings, LIMIT).toBeGreaterThanOrEqual(goal)
}
