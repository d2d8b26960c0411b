import { afterAll, beforeAll, describe, test } from 'vitest'
import { openBrokerCluster } from '../support/conformance/broker/redis-world.ts'
import { brokerConformance } from '../support/conformance/broker.ts'
import { peersConformance } from '../support/conformance/peers.ts'
import { registryConformance } from '../support/conformance/registry.ts'
import { settingsConformance } from '../support/conformance/settings.ts'
import { openPeersWorld, sharedPeersConformance } from '../support/conformance/shared-peers.ts'
import { openRegistryWorld, sharedRegistryConformance } from '../support/conformance/shared-registry.ts'
import { openStatisticsWorld, sharedStatisticsConformance } from '../support/conformance/shared-statistics.ts'
import { statisticsConformance } from '../support/conformance/statistics.ts'
import { type AnyRedis, startCluster, startSentinels } from '../support/redis-kinds.ts'
import { killReplicas } from '../support/replicas-killed.ts'
import { cutSockets } from '../support/sockets-cut.ts'

/** What test/integration and test/chaos show on one server. That of the broker on a Cluster is shown there as well. */
describe.each([
  ['a Cluster', startCluster],
  ['Sentinels', startSentinels],
])('on %s', (kind, start) => {
  describe('at rest', () => {
    let redis: AnyRedis

    beforeAll(async () => {
      redis = await start()
    })

    afterAll(async () => {
      await redis?.[Symbol.asyncDispose]()
    })

    if (start !== startCluster) brokerConformance(kind, () => openBrokerCluster(redis))
    registryConformance(kind, () => openRegistryWorld(redis))
    sharedRegistryConformance(kind, () => openRegistryWorld(redis))
    peersConformance(kind, () => openPeersWorld(redis))
    sharedPeersConformance(kind, () => openPeersWorld(redis))
    statisticsConformance(kind, () => openStatisticsWorld(redis))
    sharedStatisticsConformance(kind, () => openStatisticsWorld(redis))
    settingsConformance(kind, () => redis)
  })

  test('invariants 1, 2, 3 and 5: one replica after the other is killed with -9 under load, and no stock client misses a message', async () => {
    await killReplicas(start)
  })

  test('invariants 1, 2, 3 and 5: client sockets are reset, stalled and slowed under load, and no stock client misses a message', async () => {
    await cutSockets(start)
  })
})
