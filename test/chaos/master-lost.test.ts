import { it } from 'vitest'
import { loseMaster } from '../support/master-lost.ts'
import { startSentinels } from '../support/redis-kinds.ts'

it('invariants 1, 2, 3: a master of Redis dies under load and Sentinels replace it; with a write quorum no stock client misses a message', async () => {
  await loseMaster(startSentinels, { partMessages: 1_500, pushesPerSecond: 250 })
})
