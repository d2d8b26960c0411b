import { describe, expect, test } from 'vitest'
import { MINUTE_MS, NOTHING_COUNTED, type Statistics, type Tallied } from '../../../src/cluster/statistics.ts'

/** One store of statistics; the suite disposes of it and of what it opened. */
export interface StatisticsWorld extends AsyncDisposable {
  open(replicaId: string): Statistics
}

export const EMPTY: Tallied = { ...NOTHING_COUNTED, latencyMs: new Map(), sessionMs: new Map() }

/** What every implementation of `Statistics` promises. */
export function statisticsConformance(name: string, createWorld: () => Promise<StatisticsWorld>): void {
  describe(`statistics: ${name}`, () => {
    test('minutes without anything are there, oldest first, each a minute after the other', async () => {
      await using world = await createWorld()
      const minutes = await world.open('a').read(3)
      expect(minutes.map(({ startedAt: _, ...rest }) => rest)).toEqual([EMPTY, EMPTY, EMPTY])
      const [first = Number.NaN, second, third] = minutes.map(({ startedAt }) => startedAt)
      expect([first % MINUTE_MS, second, third]).toEqual([0, first + MINUTE_MS, first + 2 * MINUTE_MS])
    })

    test('what is added in several batches adds up', async () => {
      await using world = await createWorld()
      const statistics = world.open('a')
      await statistics.add(1, {
        ...EMPTY,
        ...{ pushes: 1, sent: 5, delivered: 4, acknowledged: 2, sessionsOpened: 3 },
        latencyMs: new Map([
          [7, 3],
          [100, 1],
        ]),
      })
      await statistics.add(2, { ...EMPTY, sent: 2, sessionsClosed: 1, latencyMs: new Map([[7, 1]]) })
      await statistics.add(3, { ...EMPTY, sessionMs: new Map([[150, 1]]) })
      expect(await sumOf(statistics)).toEqual({
        ...{ pushes: 1, sent: 7, delivered: 4, acknowledged: 2, sessionsOpened: 3, sessionsClosed: 1 },
        latencyMs: [
          [7, 4],
          [100, 1],
        ],
        sessionMs: [[150, 1]],
      })
    })

    test('a batch that is added again counts once', async () => {
      await using world = await createWorld()
      const statistics = world.open('a')
      for (const batch of [1, 1, 2, 2, 1]) await statistics.add(batch, { ...EMPTY, sent: 1 })
      expect((await sumOf(statistics)).sent).toBe(2)
    })
  })
}

/** The last two minutes together: the one under way may end amid a test. */
export async function sumOf(statistics: Statistics) {
  const [before, now] = await statistics.read(2)
  if (!before || !now) throw new Error('two minutes were asked for')
  const total = (field: keyof typeof NOTHING_COUNTED) => before[field] + now[field]
  const buckets = (field: 'latencyMs' | 'sessionMs') => {
    const sums = new Map(before[field])
    for (const [bucket, count] of now[field]) sums.set(bucket, (sums.get(bucket) ?? 0) + count)
    return [...sums].sort(([one], [other]) => one - other)
  }
  return {
    ...{ pushes: total('pushes'), sent: total('sent'), delivered: total('delivered') },
    acknowledged: total('acknowledged'),
    ...{ sessionsOpened: total('sessionsOpened'), sessionsClosed: total('sessionsClosed') },
    ...{ latencyMs: buckets('latencyMs'), sessionMs: buckets('sessionMs') },
  }
}
