/** How much may come at once after a rest: what comes in this time at the full rate. */
const BURST_MS = 1_000 // 1 second
/** Below so many keys nobody looks for those that can be forgotten. */
const FEW_KEYS = 1_024

/**
 * So many per second for each key, and as many at once after a second of rest: a token bucket, kept as one number per key
 * (GCRA, the "generic cell rate algorithm" of ITU-T I.371: the time at which the key's bucket is full again). A key whose bucket is
 * full is forgotten, so what this costs is bounded by what was taken in the last second.
 */
export class RateLimiter {
  /** By key, when its bucket is full again, ms. */
  readonly #fullAt = new Map<string, number>()
  #lookAt = FEW_KEYS

  /** Keys that are not forgotten yet. */
  get size(): number {
    return this.#fullAt.size
  }

  /**
   * Takes one. Answers 0 when it may be taken; otherwise nothing is taken, and the answer is after how many ms one may.
   * @param ratePerSecond 0: not limited
   * @param now ms of a clock that never goes back
   * @param bursts how many bursts may come at once: who is given more than one is served before those who are given one
   */
  take(key: string, ratePerSecond: number, now = performance.now(), bursts = 1): number {
    if (ratePerSecond === 0) return 0
    const intervalMs = 1_000 / ratePerSecond
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? now) + intervalMs
    // Of a rate below two per second, one at a time.
    const waitMs = fullAt - now - Math.max(bursts * BURST_MS, intervalMs)
    // What is left over by rounding is not worth a wait.
    if (waitMs > 1e-6) return Math.max(1, Math.ceil(waitMs))
    this.#fullAt.set(key, fullAt)
    if (this.#fullAt.size >= this.#lookAt) this.#forgetFull(now)
    return 0
  }

  #forgetFull(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key)
    this.#lookAt = Math.max(FEW_KEYS, 2 * this.#fullAt.size)
  }
}
