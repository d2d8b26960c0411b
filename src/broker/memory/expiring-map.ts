interface Entry<V> {
  value: V
  expiresAt: number
}

/**
 * A map whose entries end at their time: `get` never answers an ended one, `sweep` frees them. Entries stand in the order
 * in which they were set, so a sweep costs only what it frees; one with a long life in front delays the freeing of
 * shorter ones behind it, not their end.
 */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, Entry<V>>()
  readonly #now: () => number

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.#now() ? entry.value : undefined
  }

  set(key: string, value: V, seconds: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt: this.#now() + seconds * 1_000 })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Frees what has ended. `keepSeconds` may give an entry more life: it answers how much, or 0 to let it go. */
  sweep(keepSeconds: (value: V, key: string) => number = () => 0): void {
    const now = this.#now()
    for (const [key, { value, expiresAt }] of this.#entries) {
      if (expiresAt > now) return
      const seconds = keepSeconds(value, key)
      if (seconds > 0) this.set(key, value, seconds)
      else this.#entries.delete(key)
    }
  }
}
