import {
  COUNTED,
  type Counts,
  lastMinutesAt,
  MINUTE_MS,
  type Minute,
  STATISTICS_MINUTES,
  type Statistics,
  type Tallied,
} from '../statistics.ts'
import type { ClusterConnection } from './connection.ts'

/** A minute is kept an hour longer than it is asked for. */
const KEEP_SECONDS = (STATISTICS_MINUTES + 60) * 60
/** Far longer than a batch is tried again. */
const KEEP_BATCH_SECONDS = 86_400
/** Two minutes after its end nobody adds to a minute any more: what is late goes to the minute that it comes in. */
const SETTLED_MS = 3 * MINUTE_MS
const LATENCY = 'l'
const SESSION = 's'

/** The statistics of a cluster on one Redis; see `statistics.ts`. A minute is one hash, of some dozens of small fields. */
export class RedisStatistics implements Statistics {
  readonly #connection: ClusterConnection
  readonly #replicaId: string
  /** Minutes that cannot change any more, by their beginning. */
  readonly #settled = new Map<number, Minute>()
  clockAheadMs = 0

  constructor(connection: ClusterConnection, replicaId: string) {
    this.#connection = connection
    this.#replicaId = replicaId
  }

  async add(batch: number, tallied: Tallied): Promise<void> {
    const { keys } = this.#connection
    const [startedAt = 0] = lastMinutesAt(this.#now(), 1)
    const counts = COUNTED.flatMap((name) => (tallied[name] === 0 ? [] : [name, tallied[name]]))
    const latencies = [...tallied.latencyMs].flatMap(([bucket, count]) => [LATENCY + bucket, count])
    const sessions = [...tallied.sessionMs].flatMap(([bucket, count]) => [SESSION + bucket, count])
    const askedAt = Date.now()
    const storeTime = await this.#connection.run(
      'add-statistics',
      [keys.statistics(startedAt), keys.statisticsBatch(this.#replicaId)],
      [batch, KEEP_SECONDS, KEEP_BATCH_SECONDS, ...counts, ...latencies, ...sessions],
    )
    // It was answered at some moment between the two.
    this.clockAheadMs = Number(storeTime) - (askedAt + Date.now()) / 2
  }

  async read(lastMinutes: number): Promise<readonly Minute[]> {
    const { keys } = this.#connection
    const minutes = lastMinutesAt(this.#now(), lastMinutes)
    const unknown = minutes.filter((startedAt) => !this.#settled.has(startedAt))
    const hashes = await this.#connection.command((client) =>
      Promise.all(unknown.map((startedAt) => client.hgetall(keys.statistics(startedAt)))),
    )
    const read = new Map(
      unknown.map((startedAt, index) => [startedAt, toMinute(startedAt, hashes[index] ?? {})]),
    )
    this.#settle(read)
    return minutes.map(
      (startedAt) => read.get(startedAt) ?? this.#settled.get(startedAt) ?? toMinute(startedAt, {}),
    )
  }

  #settle(read: ReadonlyMap<number, Minute>): void {
    const now = this.#now()
    for (const [startedAt, minute] of read) {
      if (now - startedAt >= SETTLED_MS) this.#settled.set(startedAt, minute)
    }
    for (const startedAt of this.#settled.keys()) {
      if (now - startedAt > STATISTICS_MINUTES * MINUTE_MS) this.#settled.delete(startedAt)
    }
  }

  #now(): number {
    return Date.now() + this.clockAheadMs
  }
}

function toMinute(startedAt: number, hash: Readonly<Record<string, string>>): Minute {
  const counts = Object.fromEntries(COUNTED.map((name) => [name, Number(hash[name] ?? 0)])) as Counts
  return { startedAt, ...counts, latencyMs: bucketsOf(hash, LATENCY), sessionMs: bucketsOf(hash, SESSION) }
}

/** Their fields are a letter and the number of a bucket; the counts have names of letters only. */
function bucketsOf(hash: Readonly<Record<string, string>>, letter: string): Map<number, number> {
  const buckets = new Map<number, number>()
  for (const [field, count] of Object.entries(hash)) {
    if (field[0] === letter && /^\d+$/.test(field.slice(1)))
      buckets.set(Number(field.slice(1)), Number(count))
  }
  return buckets
}
