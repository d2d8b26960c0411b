import type { Health, ReplicaSnapshot } from './registry.ts'

/**
 * The weight service: what share of new connections each replica should get, as a pure function of the loads.
 *
 *     raw(r)    = free(r) × health(r) × ramp(r)      0 when r is draining, starting, full or stale
 *     weight(r) = 100 × raw(r) / Σ raw
 *
 * - free: sessions that still fit, `capacity − sessions`. In steady state replicas then fill up alike, whatever their size.
 * - health: 1 up to a comfortable event-loop delay and processor use, then falling to `MIN_HEALTH`. Never 0: a replica
 *   that is slow is still better than one that refuses, and a signal that is wrong must not shut a replica out.
 * - ramp: a slow start, as HAProxy (`slowstart`) and Envoy (`slow_start_config`) have it: from `RAMP_START` to 1 in the first
 *   seconds of a replica's life, while its caches and its JIT are cold. A replica tells its age by its own monotonic
 *   clock, and whoever heard of it adds the time since by their own: clocks that differ do not matter.
 *
 * Where all that accept are stale (the store is away), all of them are alike: uniform. Choosing by weight alone would
 * still herd on old loads; see `choice.ts` (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001,
 * and "How Useful Is Old Information?", 2000).
 */
export const STALE_AFTER_MS = 5_000 // 5 seconds
const RAMP_MS = 10_000 // 10 seconds
const RAMP_START = 0.1
const MIN_HEALTH = 0.1
const COMFORTABLE_DELAY_MS = 20
const UNBEARABLE_DELAY_MS = 500
const COMFORTABLE_CPU_PERCENT = 70
const UNBEARABLE_CPU_PERCENT = 100

/** Sessions that are on their way to a replica and not in its load yet. */
export type SentTo = (replica: ReplicaSnapshot) => number

const nothingSent: SentTo = () => 0

/** Percent by replica id: all together 100, or all 0 where none accepts. Never negative. */
export function weights(replicas: readonly ReplicaSnapshot[], now: Date): Map<string, number> {
  const percents = shares(replicas, now.getTime())
  return new Map(replicas.map(({ id }, index) => [id, percents[index] ?? 0]))
}

/** The weights in the order of the replicas, as they are when what was sent has arrived. `now`: ms since 1970. */
export function shares(
  replicas: readonly ReplicaSnapshot[],
  now: number,
  sentTo: SentTo = nothingSent,
): number[] {
  let raw = replicas.map((replica) => (isStale(replica, now) ? 0 : rawWeight(replica, now, sentTo(replica))))
  let sum = total(raw)
  if (sum === 0) {
    raw = replicas.map((replica) => (acceptsAfter(replica, sentTo(replica)) ? 1 : 0))
    sum = total(raw)
  }
  return sum === 0 ? raw : raw.map((each) => (100 * each) / sum)
}

/** Whether it takes new sessions at all. */
export function accepts(replica: ReplicaSnapshot): boolean {
  return acceptsAfter(replica, 0)
}

/** Whether it takes new sessions still when so many more have arrived. */
export function acceptsAfter(replica: ReplicaSnapshot, sent: number): boolean {
  return replica.state === 'UP' && replica.sessions + sent < replica.capacity
}

function isStale(replica: ReplicaSnapshot, now: number): boolean {
  return now - replica.lastSeen.getTime() > STALE_AFTER_MS
}

function rawWeight(replica: ReplicaSnapshot, now: number, sent: number): number {
  if (!acceptsAfter(replica, sent)) return 0
  const free = replica.capacity - replica.sessions - sent
  return free * healthFactor(replica.health) * rampFactor(replica, now)
}

function healthFactor({ eventLoopDelayMs, cpuPercent }: Health): number {
  const delay = falling(eventLoopDelayMs, COMFORTABLE_DELAY_MS, UNBEARABLE_DELAY_MS)
  const cpu = falling(cpuPercent, COMFORTABLE_CPU_PERCENT, UNBEARABLE_CPU_PERCENT)
  return Math.max(MIN_HEALTH, Math.min(delay, cpu))
}

/** 1 up to `from`, then straight down to 0 at `to`. */
function falling(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (to - value) / (to - from)))
}

function rampFactor({ uptimeMs, lastSeen }: ReplicaSnapshot, now: number): number {
  const age = uptimeMs + Math.max(0, now - lastSeen.getTime())
  return Math.min(1, RAMP_START + ((1 - RAMP_START) * age) / RAMP_MS)
}

function total(numbers: readonly number[]): number {
  let sum = 0
  for (const number of numbers) sum += number
  return sum
}
