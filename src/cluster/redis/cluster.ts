import type { LiveSettings } from '../../config/live-settings.ts'
import type { Peers } from '../peers.ts'
import type { Registry } from '../registry.ts'
import type { Settings } from '../settings.ts'
import type { Statistics } from '../statistics.ts'
import { ClusterConnection, type ClusterOptions } from './connection.ts'
import { RedisPeers } from './peers.ts'
import { RedisRegistry } from './registry.ts'
import { RedisSettings } from './settings.ts'
import { RedisStatistics } from './statistics.ts'

export interface RedisCluster extends AsyncDisposable {
  readonly registry: Registry
  readonly peers: Peers
  readonly statistics: Statistics
  /** The settings of this cluster, beginning with these; once. */
  settings(start: LiveSettings): Settings
}

/** Registry, peers, settings and statistics of one replica, on one Redis. */
export function createRedisCluster(options: ClusterOptions): RedisCluster {
  const connection = new ClusterConnection(options)
  const registry = new RedisRegistry(connection, options.log)
  const peers = new RedisPeers(connection, registry, options.replicaId, options.log)
  let settings: Settings | null = null
  return {
    registry,
    peers,
    statistics: new RedisStatistics(connection, options.replicaId),
    settings(start) {
      settings = new RedisSettings(connection, start, options.log)
      return settings
    },
    async [Symbol.asyncDispose]() {
      await settings?.[Symbol.asyncDispose]()
      await peers[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
      connection[Symbol.dispose]()
    },
  }
}
