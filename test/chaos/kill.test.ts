import { it } from 'vitest'
import { startStandalone } from '../support/redis-kinds.ts'
import { killReplicas } from '../support/replicas-killed.ts'

it('invariants 1, 2, 3 and 5: one replica after the other is killed with -9 under load, and no stock client misses a message', async () => {
  await killReplicas(startStandalone)
})
