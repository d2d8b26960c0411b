import { expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/cluster/statistics.ts'
import { createMemoryStatistics } from '../../src/cluster/statistics-memory.ts'
import { EMPTY, statisticsConformance } from '../support/conformance/statistics.ts'

statisticsConformance('memory', async () => ({
  open: () => createMemoryStatistics(),
  async [Symbol.asyncDispose]() {},
}))

test('a minute is told for a day, in its place, and then forgotten', async () => {
  let now = Date.UTC(2030, 0, 1, 12, 0, 30)
  const statistics = createMemoryStatistics(() => now)
  await statistics.add(1, { ...EMPTY, sent: 1 })
  now += 1_439 * MINUTE_MS
  await statistics.add(2, { ...EMPTY, sent: 2 })
  const day = await statistics.read(1_440)
  expect(day.flatMap(({ sent }, index) => (sent > 0 ? [[index, sent]] : []))).toEqual([
    [0, 1],
    [1_439, 2],
  ])
  now += MINUTE_MS
  await statistics.add(3, { ...EMPTY, sent: 4 })
  expect((await statistics.read(1_441)).map(({ sent }) => sent).filter((sent) => sent > 0)).toEqual([2, 4])
})

test('what was read does not change when more is added', async () => {
  const statistics = createMemoryStatistics()
  await statistics.add(1, { ...EMPTY, sent: 1, latencyMs: new Map([[1, 1]]) })
  const read = await statistics.read(2)
  await statistics.add(2, { ...EMPTY, sent: 1, latencyMs: new Map([[1, 1]]) })
  expect(read.map(({ sent, latencyMs }) => sent + (latencyMs.get(1) ?? 0))).toContain(2)
})
