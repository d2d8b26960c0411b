import type { Broker, PushHeader, ReceiptCount } from '../broker/broker.ts'
import { Distribution } from '../distribution.ts'
import { type HubWatcher, NOBODY } from './watcher.ts'

/** What this replica has counted for one push since the last flush. */
export interface Tally {
  readonly pushId: string
  readonly partition: number
  /** By the store's clock, ms. */
  readonly pushedAt: number
  /** From then until it was here, ms. */
  readonly underWayMs: number
  sent: number
  delivered: number
  /** Somebody wants to know of its deliveries. */
  readonly watched: boolean
  /** In the ledger's list of what is to be flushed. */
  listed: boolean
}

/** Past this many pushes waiting for the store to come back, the oldest counts are given up. */
const MAX_WAITING = 100_000

/**
 * Counts writes and proofs per push and flushes them in batches: no call to the store per delivery.
 * A flush that fails is kept and goes with the next one; the counts are then late, never doubled.
 */
export class ReceiptLedger {
  readonly #broker: Broker
  readonly watcher: HubWatcher
  #listed: Tally[] = []
  #flushing: Promise<void> | null = null
  sent = 0
  delivered = 0
  redelivered = 0
  /** From accepting a push to a client that had it, ms; of what was pushed while the session was connected. */
  readonly latencyMs = new Distribution()
  /** How far the store's clock is ahead of ours, ms. */
  clockAheadMs = 0

  constructor(broker: Broker, watcher: HubWatcher = NOBODY) {
    this.#broker = broker
    this.watcher = watcher
  }

  tally(push: PushHeader): Tally {
    const { id, partition, pushedAt } = push
    const watched = this.watcher.wants(id)
    const underWayMs = Math.max(0, Date.now() + this.clockAheadMs - pushedAt)
    return { pushId: id, partition, pushedAt, underWayMs, watched, sent: 0, delivered: 0, listed: false }
  }

  countSent(tally: Tally): void {
    tally.sent++
    this.sent++
    this.#list(tally)
  }

  countDelivered(tally: Tally): void {
    tally.delivered++
    this.delivered++
    this.#list(tally)
  }

  /** Resolves when what was counted before the call is stored; rejects when it could not be. */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => {})
    if (this.#listed.length === 0) return
    this.#flushing = this.#write(this.#take())
    try {
      await this.#flushing
    } finally {
      this.#flushing = null
    }
  }

  #list(tally: Tally): void {
    if (tally.listed) return
    tally.listed = true
    this.#listed.push(tally)
  }

  #take(): ReceiptCount[] {
    const counts = new Map<string, { pushId: string; partition: number; sent: number; delivered: number }>()
    for (const tally of this.#listed) {
      const key = `${tally.partition}:${tally.pushId}`
      const count = counts.get(key)
      if (count) {
        count.sent += tally.sent
        count.delivered += tally.delivered
      } else {
        counts.set(key, {
          pushId: tally.pushId,
          partition: tally.partition,
          sent: tally.sent,
          delivered: tally.delivered,
        })
      }
      tally.sent = 0
      tally.delivered = 0
      tally.listed = false
    }
    this.#listed = []
    return [...counts.values()]
  }

  async #write(counts: readonly ReceiptCount[]): Promise<void> {
    try {
      await this.#broker.countReceipts(counts)
    } catch (error) {
      // Of these nothing more is counted, so when they were pushed is of no account.
      for (const count of counts)
        this.#listed.push({ ...count, pushedAt: 0, underWayMs: 0, watched: false, listed: true })
      if (this.#listed.length > MAX_WAITING) this.#listed.splice(0, this.#listed.length - MAX_WAITING)
      throw error
    }
  }
}
