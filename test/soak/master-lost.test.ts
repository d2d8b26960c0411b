import { expect, test } from 'vitest'
import { loseMaster } from '../support/master-lost.ts'
import { startCluster, startSentinels } from '../support/redis-kinds.ts'

const LOAD = { partMessages: 4_000, pushesPerSecond: 400 }
const BACK_WITHIN_MS = 2_000

/** What test/chaos/master-lost.test.ts shows on any machine; that it does not take long, on one that does nothing else. */
test.each([
  ['a Cluster', startCluster],
  ['Sentinels', startSentinels],
])(
  'invariants 1, 2, 3: a master that %s replaces dies under load; pushes go on within 2 s of its replacement, and nothing accepted is missing',
  async (_who, start) => {
    const { takenOverMs, firstAcceptedMs } = await loseMaster(start, LOAD)
    expect(firstAcceptedMs - takenOverMs).toBeLessThan(BACK_WITHIN_MS)
  },
)
