import type { Health, Load, ReplicaSnapshot } from '../../src/cluster/registry.ts'

export const HEALTHY: Health = {
  cpuPercent: 5,
  memoryBytes: 100 * 2 ** 20,
  memoryTotalBytes: 2 ** 30,
  eventLoopDelayMs: 1,
  networkReceiveBytesPerSecond: 0,
  networkTransmitBytesPerSecond: 0,
  hostCpuPercent: 5,
  hostMemoryUsedBytes: 2 ** 29,
}

/** What an idle replica that takes sessions says of itself. */
export function aLoad(more: Partial<Load> = {}): Load {
  return {
    state: 'UP',
    sessions: 0,
    subscriptions: 0,
    capacity: 1_000,
    uptimeMs: 3_600_000,
    drainProgress: null,
    health: HEALTHY,
    rates: { pushesPerSecond: 0, sentPerSecond: 0, deliveredPerSecond: 0 },
    ...more,
  }
}

/** An idle replica, started an hour before `now` and heard of just then. */
export function aReplica(id: string, now: Date, more: Partial<ReplicaSnapshot> = {}): ReplicaSnapshot {
  return {
    ...aLoad(),
    id,
    url: `http://${id}.example`,
    version: '1.0.0',
    startedAt: new Date(now.getTime() - 3_600_000),
    lastSeen: now,
    ...more,
  }
}
