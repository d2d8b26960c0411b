import type { Broker } from '../broker/broker.ts'
import { createMemoryBroker } from '../broker/memory.ts'
import { createRedisBroker } from '../broker/redis/broker.ts'
import { redisSourceOf } from '../broker/redis/client.ts'
import type { StoreMeter } from '../broker/store-meter.ts'
import type { Peers } from '../cluster/peers.ts'
import { createMemoryPeers } from '../cluster/peers-memory.ts'
import { createRedisCluster } from '../cluster/redis/cluster.ts'
import type { Registry } from '../cluster/registry.ts'
import { createMemoryRegistry } from '../cluster/registry-memory.ts'
import type { Settings } from '../cluster/settings.ts'
import { createMemorySettings } from '../cluster/settings-memory.ts'
import type { Statistics } from '../cluster/statistics.ts'
import { createMemoryStatistics } from '../cluster/statistics-memory.ts'
import { liveSettingsOf } from '../config/live-settings.ts'
import type { Config } from '../config.ts'
import type { Log } from '../observability/log.ts'

/** What needs a store, either all in this process or all in one Redis. */
export interface Store extends AsyncDisposable {
  readonly broker: Broker
  readonly registry: Registry
  readonly peers: Peers
  readonly settings: Settings
  readonly statistics: Statistics
}

export function connectStore(config: Config, replicaId: string, log: Log, meter: StoreMeter): Store {
  const limits = liveSettingsOf(config)
  if (config.redis === null) {
    const registry = createMemoryRegistry()
    const peers = createMemoryPeers(replicaId, log)
    const broker = createMemoryBroker({ replicaId, limits })
    const settings = createMemorySettings(limits)
    const statistics = createMemoryStatistics()
    return {
      broker,
      registry,
      peers,
      settings,
      statistics,
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    }
  }
  const connection = {
    ...redisSourceOf(config, config.redis),
    prefix: config.redisPrefix,
    replicaId,
    log,
    meter,
  }
  const cluster = createRedisCluster(connection)
  const broker = createRedisBroker({ ...connection, limits, writeQuorum: config.writeQuorum })
  return {
    broker,
    registry: cluster.registry,
    peers: cluster.peers,
    settings: cluster.settings(limits),
    statistics: cluster.statistics,
    async [Symbol.asyncDispose]() {
      // Nobody may count on us any more when we cease to store.
      await cluster[Symbol.asyncDispose]()
      await broker[Symbol.asyncDispose]()
    },
  }
}
