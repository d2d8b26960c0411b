import { addBuckets } from '../distribution.ts'
import {
  COUNTED,
  lastMinutesAt,
  MINUTE_MS,
  type Minute,
  NOTHING_COUNTED,
  STATISTICS_MINUTES,
  type Statistics,
  type Tallied,
} from './statistics.ts'

type Sums = { -readonly [Name in (typeof COUNTED)[number]]: number } & {
  readonly latencyMs: Map<number, number>
  readonly sessionMs: Map<number, number>
}

const nothing = (): Sums => ({ ...NOTHING_COUNTED, latencyMs: new Map(), sessionMs: new Map() })

/** The statistics of a replica that is alone: gone when it ends. `now`: ms since 1970. */
export function createMemoryStatistics(now: () => number = Date.now): Statistics {
  const minutes = new Map<number, Sums>()
  let added = 0
  return {
    clockAheadMs: 0,
    async add(batch, tallied) {
      if (batch <= added) return
      added = batch
      const [startedAt = 0] = lastMinutesAt(now(), 1)
      for (const each of minutes.keys()) {
        if (each <= startedAt - STATISTICS_MINUTES * MINUTE_MS) minutes.delete(each)
      }
      const sums = minutes.get(startedAt) ?? nothing()
      minutes.set(startedAt, sums)
      addTo(sums, tallied)
    },
    async read(lastMinutes): Promise<Minute[]> {
      return lastMinutesAt(now(), lastMinutes).map((startedAt) => {
        // A copy: the minute under way goes on.
        const sums = nothing()
        const known = minutes.get(startedAt)
        if (known) addTo(sums, known)
        return { startedAt, ...sums }
      })
    },
  }
}

function addTo(sums: Sums, tallied: Tallied): void {
  for (const name of COUNTED) sums[name] += tallied[name]
  addBuckets(sums.latencyMs, tallied.latencyMs)
  addBuckets(sums.sessionMs, tallied.sessionMs)
}
