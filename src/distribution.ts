/** Whole numbers below this have a bucket each; every power of two above it has `PER_OCTAVE`. */
const EXACT = 16
const EXACT_OCTAVES = 4
const PER_OCTAVE = 8
const LARGEST = 2 ** 32 - 1
/** How many buckets there are. A bucket is at most an eighth as wide as its smallest value. */
export const BUCKETS = EXACT + (32 - EXACT_OCTAVES) * PER_OCTAVE

/** How often a value fell into each bucket; only those that any did. Those of several distributions can be added up. */
export type BucketCounts = ReadonlyMap<number, number>

/** Where a value from 0 on belongs; negative ones count as 0, those from 2³² on as the largest. */
export function bucketOf(value: number): number {
  if (!(value >= 1)) return 0
  if (value < EXACT) return Math.floor(value)
  const whole = Math.min(value, LARGEST) >>> 0
  const octave = 31 - Math.clz32(whole)
  return EXACT + (octave - EXACT_OCTAVES) * PER_OCTAVE + ((whole >>> (octave - 3)) & (PER_OCTAVE - 1))
}

/** The smallest value of a bucket; of the one past the last: 2³². */
export function bucketStart(bucket: number): number {
  if (bucket < EXACT) return bucket
  const place = bucket - EXACT
  return 2 ** (EXACT_OCTAVES - 3 + Math.floor(place / PER_OCTAVE)) * (PER_OCTAVE + (place % PER_OCTAVE))
}

/**
 * How values are spread, in buckets whose width grows with the value (as HdrHistogram has them): counting one is an
 * increment, what it costs is 2 KB, and a percentile is wrong by an eighth of the value at most.
 */
export class Distribution {
  /** Doubles: a counter of 32 bits would be full after half a day at 100,000 a second. */
  readonly #counts = new Float64Array(BUCKETS)
  count = 0
  sum = 0

  add(value: number): void {
    const bucket = bucketOf(value)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.count++
    this.sum += value
  }

  /** How many values were below this one; exact where a bucket begins there. */
  countBelow(value: number): number {
    let below = 0
    for (let bucket = 0; bucket < BUCKETS && bucketStart(bucket) < value; bucket++) {
      below += this.#counts[bucket] as number
    }
    return below
  }

  /** What was counted since the counts given, which are brought up to date. */
  since(counted: Float64Array): BucketCounts {
    const news = new Map<number, number>()
    this.#counts.forEach((count, bucket) => {
      const more = count - (counted[bucket] ?? 0)
      if (more === 0) return
      news.set(bucket, more)
      counted[bucket] = count
    })
    return news
  }
}

/** Adds counts to others. */
export function addBuckets(to: Map<number, number>, more: BucketCounts): void {
  for (const [bucket, count] of more) to.set(bucket, (to.get(bucket) ?? 0) + count)
}

/** The value that this share (0 to 1) of all values is at or below, by nearest rank; 0 where there are none. */
export function percentileOf(counts: BucketCounts, share: number): number {
  const sorted = [...counts].sort(([one], [other]) => one - other)
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  let rank = Math.max(1, Math.ceil(total * share))
  for (const [bucket, count] of sorted) {
    if (rank > count) {
      rank -= count
      continue
    }
    const start = bucketStart(bucket)
    const width = bucketStart(bucket + 1) - start
    // A bucket of one whole number is that number; in a wider one values are taken to be spread evenly.
    return width === 1 ? start : start + (width * (rank - 0.5)) / count
  }
  return 0
}
