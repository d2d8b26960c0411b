/**
 * The registry: which replicas live, and what load they carry.
 *
 * A replica proves its life by renewing a lease (`report`, every second; the lease lasts `LEASE_SECONDS`). When a lease
 * ends, everything the replica registered is void; every other replica hears of it (`ended`) within a second more.
 * A replica that finds its own lease gone (it was paused, or the store was wiped) must register anew and say again what
 * it holds: `lost`. Views are at most one second old while the store can be reached and are kept as they are while not.
 */
export const LEASE_SECONDS = 5
export const REPORT_INTERVAL_SECONDS = 1

export type ReplicaState = 'STARTING' | 'UP' | 'DRAINING'

/** Cheap readings of the host and the process, each second. */
export interface Health {
  readonly cpuPercent: number
  readonly memoryBytes: number
  readonly memoryTotalBytes: number
  readonly eventLoopDelayMs: number
  readonly networkReceiveBytesPerSecond: number
  readonly networkTransmitBytesPerSecond: number
  /** Of all processors of the host together. */
  readonly hostCpuPercent: number
  readonly hostMemoryUsedBytes: number
}

/** What went through a replica in its last second. */
export interface Rates {
  readonly pushesPerSecond: number
  readonly sentPerSecond: number
  readonly deliveredPerSecond: number
}

/** What a replica says of itself, each second. */
export interface Load {
  readonly state: ReplicaState
  readonly sessions: number
  readonly subscriptions: number
  readonly capacity: number
  /** How long its process has run, by its own monotonic clock. */
  readonly uptimeMs: number
  /** 0 to 1 while draining, else null. */
  readonly drainProgress: number | null
  readonly health: Health
  readonly rates: Rates
}

/** What never changes while a replica lives. */
export interface ReplicaIdentity {
  /** Unique among living replicas. */
  readonly id: string
  readonly url: string
  readonly version: string
  readonly startedAt: Date
}

export interface ReplicaSnapshot extends ReplicaIdentity, Load {
  /** When its load was written, by this process's clock. */
  readonly lastSeen: Date
}

export interface RegistryListener {
  /** Some replica's load, state or existence changed. */
  changed(): void
  /** This replica's lease ended: register anew, then say again what is held. */
  lost(): void
  /** Another replica's lease ended without a goodbye. */
  ended(replicaId: string): void
}

export interface Registry extends AsyncDisposable {
  /** Follows all replicas without being one of them. Instead of `join`, and like it once. */
  watch(listener: RegistryListener): Promise<void>
  /**
   * Takes the lease. Where another process holds it, waits until that shows to be dead (its lease ends) or alive: then rejects
   * with `BAD_USER_INPUT` that names the holder.
   */
  join(self: ReplicaIdentity, load: Load, listener: RegistryListener): Promise<void>
  /** Renews the lease and tells all others the load. */
  report(load: Load): Promise<void>
  /** Gives the lease back: a goodbye. */
  leave(): Promise<void>
  /** All living replicas, by id, this one among them. Synchronous: a view kept current. */
  replicas(): readonly ReplicaSnapshot[]
  readonly available: boolean
}
