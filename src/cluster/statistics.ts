/**
 * Statistics: what went through all replicas, per minute, for a day.
 *
 * Every replica counts for itself and adds what is new once a second (`--statistics-seconds`), in one batch; a batch that may have been added is
 * added again under its number, and counts once. So the sums are exact, and late by a second, or by as long as the store
 * was away; each batch counts in the minute in which it is added, by the store's clock. A replica that is killed takes
 * its last second with it.
 */

import type { BucketCounts } from '../distribution.ts'

/** How far back anybody can look. */
export const STATISTICS_MINUTES = 1_440 // a day
export const MINUTE_MS = 60_000

/** What is counted. `sent` and `delivered` are messages, one per subscription; `pushes` those accepted. */
export const COUNTED = [
  'pushes',
  'sent',
  'delivered',
  'acknowledged',
  'sessionsOpened',
  'sessionsClosed',
] as const

export type Counts = Readonly<Record<(typeof COUNTED)[number], number>>

export const NOTHING_COUNTED: Counts = {
  pushes: 0,
  sent: 0,
  delivered: 0,
  acknowledged: 0,
  sessionsOpened: 0,
  sessionsClosed: 0,
}

/** What was counted in some time. */
export interface Tallied extends Counts {
  /** From accepting a push to the client's proof, ms. */
  readonly latencyMs: BucketCounts
  /** Lengths of the sessions that ended, ms. */
  readonly sessionMs: BucketCounts
}

export interface Minute extends Tallied {
  /** When it began, ms since 1970. */
  readonly startedAt: number
}

export interface Statistics {
  /**
   * Adds what this replica counted. `batch` numbers the calls of this replica, from 1 on: a number that was added before adds nothing.
   * Rejects with `BROKER_UNAVAILABLE`; then the same batch is to be added again before any other.
   */
  add(batch: number, tallied: Tallied): Promise<void>
  /** The last minutes, oldest first, the one under way among them; those in which nothing was counted too. */
  read(lastMinutes: number): Promise<readonly Minute[]>
  /** How far the store's clock is ahead of this process's, ms, as of the last `add`. */
  readonly clockAheadMs: number
}

/** When the last minutes began, oldest first. */
export function lastMinutesAt(now: number, lastMinutes: number): number[] {
  const current = now - (now % MINUTE_MS)
  return Array.from({ length: lastMinutes }, (_, index) => current - (lastMinutes - 1 - index) * MINUTE_MS)
}
