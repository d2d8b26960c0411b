import type { Rates } from '../cluster/registry.ts'
import {
  COUNTED,
  type Counts,
  NOTHING_COUNTED,
  type Statistics,
  type Tallied,
} from '../cluster/statistics.ts'
import type { Hub } from '../delivery/hub.ts'
import { BUCKETS } from '../distribution.ts'
import type { Log } from './log.ts'
import type { OperationCounts } from './operation-counts.ts'

const RATE_INTERVAL_MS = 1_000 // 1 second

export interface RecorderOptions {
  readonly hub: Hub
  readonly counts: OperationCounts
  readonly statistics: Statistics
  readonly log: Log
  /** How often what was counted is added; 0: never. */
  readonly statisticsSeconds: number
}

/**
 * Every `statisticsSeconds` takes what was counted since and adds it to the cluster's statistics. The counters are read, never reset: nothing
 * is lost between two readings, and nothing on the way of a message waits for this.
 *
 * A batch that could not be added is kept and added again, as it is, before the next one: it may have been added after
 * all. What is counted meanwhile waits in the counters.
 */
export class Recorder implements AsyncDisposable {
  readonly #options: RecorderOptions
  readonly #timer: NodeJS.Timeout
  readonly #latencies = new Float64Array(BUCKETS)
  readonly #lengths = new Float64Array(BUCKETS)
  #taken: Counts = NOTHING_COUNTED
  #batch = 0
  #seconds = 0
  #pending: Tallied | null = null
  #adding: Promise<void> | null = null
  #rated: Counts = NOTHING_COUNTED
  #ratedAt = performance.now()
  #rates: Rates = { pushesPerSecond: 0, sentPerSecond: 0, deliveredPerSecond: 0 }
  /** Batches that could not be added at the first attempt. */
  failures = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#tick(), RATE_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Of the last whole second. */
  get rates(): Rates {
    return this.#rates
  }

  /** Counted since the start. */
  get counts(): Counts {
    const { hub, counts } = this.#options
    const { sent, delivered, sessionsOpened, sessionsClosed } = hub.counts
    const pushes = counts.pushes.HTTP + counts.pushes.WEBSOCKET
    return { pushes, sent, delivered, acknowledged: counts.acknowledged, sessionsOpened, sessionsClosed }
  }

  /** Resolves when all that was counted before the call is added; rejects with `BROKER_UNAVAILABLE`. */
  async flush(): Promise<void> {
    // One that is under way may have been taken before: what came since goes with one more.
    await this.#adding?.catch(() => {})
    await this.#add()
  }

  /** Adds what is left, where the store is there. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    if (this.#options.statisticsSeconds > 0) await this.flush().catch(() => {})
  }

  #tick(): void {
    this.#rate()
    const { statisticsSeconds } = this.#options
    if (statisticsSeconds === 0 || ++this.#seconds % statisticsSeconds !== 0 || this.#adding) return
    this.#add().catch((error: unknown) => {
      this.failures++
      this.#options.log.debug({ err: error }, 'statistics could not be added; they are added later')
    })
  }

  #rate(): void {
    const now = performance.now()
    const { counts } = this
    const per = (name: 'pushes' | 'sent' | 'delivered') =>
      ((counts[name] - this.#rated[name]) * 1_000) / Math.max(1, now - this.#ratedAt)
    this.#rates = {
      pushesPerSecond: per('pushes'),
      sentPerSecond: per('sent'),
      deliveredPerSecond: per('delivered'),
    }
    this.#rated = counts
    this.#ratedAt = now
  }

  /** One at a time. */
  async #add(): Promise<void> {
    this.#adding ??= this.#addPending().finally(() => {
      this.#adding = null
    })
    await this.#adding
  }

  async #addPending(): Promise<void> {
    const { statistics, hub } = this.#options
    const kept = this.#pending !== null
    this.#pending ??= this.#take()
    await statistics.add(this.#batch, this.#pending)
    hub.clockAheadMs = statistics.clockAheadMs
    this.#pending = null
    if (!kept) return
    this.#pending = this.#take()
    await statistics.add(this.#batch, this.#pending)
    this.#pending = null
  }

  #take(): Tallied {
    const { hub } = this.#options
    const { counts } = this
    const news = Object.fromEntries(COUNTED.map((name) => [name, counts[name] - this.#taken[name]])) as Counts
    this.#taken = counts
    this.#batch++
    return {
      ...news,
      latencyMs: hub.latencyMs.since(this.#latencies),
      sessionMs: hub.sessionMs.since(this.#lengths),
    }
  }
}
