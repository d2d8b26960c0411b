import { expect, test } from 'vitest'
import { type Cluster, EMPTY_CLUSTER, withRebalance, withReplicas } from '../../src/console/client/cluster.ts'
import type { ReplicaCardFragment } from '../../src/console/generated/operations.ts'

type State = ReplicaCardFragment['state']

function replica(id: string, sessions: number, state: State = 'UP'): ReplicaCardFragment {
  return {
    id,
    sessions,
    state,
    url: `ws://${id}.example/graphql`,
    version: '1.0.0',
    startedAt: '2030-01-01T00:00:00.000Z',
    lastSeen: '2030-01-01T00:00:00.000Z',
    subscriptions: sessions,
    capacity: 100,
    weight: 50,
    drainProgress: null,
    health: {
      cpuPercent: 1,
      memoryBytes: 2,
      memoryTotalBytes: 3,
      eventLoopDelayMs: 4,
      networkReceiveBytesPerSecond: 5,
      networkTransmitBytesPerSecond: 6,
    },
    rates: { pushesPerSecond: 7, deliveredPerSecond: 8 },
  }
}

/** One list a second, from second 0 on. */
const after = (cluster: Cluster, ...lists: readonly (readonly ReplicaCardFragment[])[]) =>
  lists.reduce((before, list, second) => withReplicas(before, list, second * 1_000), cluster)

/** Oldest first. */
const told = ({ activity }: Cluster) =>
  activity
    .toReversed()
    .map((each) => (each.kind === 'rebalanced' ? each.kind : `${each.replicaId} ${each.kind}`))

test('what the first list shows is no news; who joins, drains and leaves afterwards is', () => {
  const cluster = after(
    EMPTY_CLUSTER,
    [replica('a', 9)],
    [replica('a', 9), replica('b', 0)],
    [replica('a', 9, 'DRAINING'), replica('b', 0)],
    [replica('a', 0, 'DRAINING'), replica('b', 9)],
    [replica('b', 9)],
  )
  expect(told(cluster)).toEqual(['b joined', 'a draining', 'a drained', 'a left'])
  expect(cluster.gone).toMatchObject([{ id: 'a', drained: true }])
})

test('a replica that was not drained is gone, until it is back', () => {
  const killed = after(EMPTY_CLUSTER, [replica('a', 9), replica('b', 4)], [replica('a', 9)])
  expect(killed.gone).toEqual([{ id: 'b', at: 1_000, drained: false, sessions: 4 }])
  const back = withReplicas(killed, [replica('a', 9), replica('b', 0)], 2_000)
  expect(back.gone).toEqual([])
  expect(told(back)).toEqual(['b gone', 'b joined'])
})

test('the last minute is kept, of each replica that is there and of all together', () => {
  const lists = Array.from({ length: 70 }, (_, second) => [replica('a', second), replica('b', 1)])
  const cluster = after(EMPTY_CLUSTER, ...lists, [replica('a', 70)])
  expect(cluster.totals).toHaveLength(60)
  expect(cluster.totals.at(-2)).toEqual({ sessions: 70, capacity: 200, pushes: 14, deliveries: 16 })
  expect([...cluster.history.keys()]).toEqual(['a'])
  expect(cluster.history.get('a')).toHaveLength(60)
})

test('a rebalance is counted by who has left, never backwards, and ends when all have', () => {
  const begun = withRebalance(after(EMPTY_CLUSTER, [replica('a', 20), replica('b', 0)]), 10, 3, 0)
  const half = withReplicas(begun, [replica('a', 15), replica('b', 5)], 1_000)
  expect(half.rebalance).toMatchObject({ moved: 5, sessions: 10 })
  // Somebody new came to it.
  const busier = withReplicas(half, [replica('a', 16), replica('b', 5)], 2_000)
  expect(busier.rebalance).toMatchObject({ moved: 5 })
  const done = withReplicas(busier, [replica('a', 10), replica('b', 11)], 3_000)
  expect(done.rebalance).toBeNull()
  expect(done.activity).toMatchObject([{ kind: 'rebalanced', moved: 10, sessions: 10 }])
})

test('a rebalance whose sessions come back to where they were ends all the same', () => {
  const begun = withRebalance(after(EMPTY_CLUSTER, [replica('a', 20), replica('b', 0)]), 10, 3, 0)
  const late = withReplicas(begun, [replica('a', 19), replica('b', 1)], 7_000)
  expect(late.rebalance).toBeNull()
  expect(late.activity).toMatchObject([{ kind: 'rebalanced', moved: 1, sessions: 10 }])
})
