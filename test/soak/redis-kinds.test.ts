import { describe, test } from 'vitest'
import { startCluster, startSentinels } from '../support/redis-kinds.ts'
import { killReplicas } from '../support/replicas-killed.ts'
import { cutSockets } from '../support/sockets-cut.ts'

/** What test/chaos and test/integration show on one server. */
describe.each([
  ['a Cluster', startCluster],
  ['Sentinels', startSentinels],
])('on %s', (_kind, start) => {
  test('invariants 1, 2, 3 and 5: one replica after the other is killed with -9 under load, and no stock client misses a message', async () => {
    await killReplicas(start)
  })

  test('invariants 1, 2, 3 and 5: client sockets are reset, stalled and slowed under load, and no stock client misses a message', async () => {
    await cutSockets(start)
  })
})
