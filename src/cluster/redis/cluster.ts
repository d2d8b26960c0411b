import type { Peers } from '../peers.ts'
import type { Registry } from '../registry.ts'
import { ClusterConnection, type ClusterOptions } from './connection.ts'
import { RedisPeers } from './peers.ts'
import { RedisRegistry } from './registry.ts'

export interface RedisCluster extends AsyncDisposable {
  readonly registry: Registry
  readonly peers: Peers
}

/** Registry and peers of one replica, on one Redis. */
export function createRedisCluster(options: ClusterOptions): RedisCluster {
  const connection = new ClusterConnection(options)
  const registry = new RedisRegistry(connection, options.log)
  const peers = new RedisPeers(connection, registry, options.replicaId, options.log)
  return {
    registry,
    peers,
    async [Symbol.asyncDispose]() {
      await peers[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
      connection[Symbol.dispose]()
    },
  }
}
