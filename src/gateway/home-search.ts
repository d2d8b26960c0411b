const MIN_RETRY_MS = 125
const MAX_RETRY_MS = 1_000 // 1 second
/** A home that refuses so soon after it acknowledged had the session on trial: the search for one goes on. */
const TRIAL_MS = 10_000 // 10 seconds

/**
 * One session's search for a home: whom it passes over, when it asks again, and since when it goes on. It goes in rounds: each
 * replica is asked once; when none is left, all of them are again, at growing distances.
 */
export class HomeSearch {
  #passed = new Set<string>()
  #rounds = 0
  #retryAt: number | null = null
  #begunAt = Date.now()
  /** Since when there is no home that serves the session; null while there is. */
  #homelessSince: number | null = Date.now()
  #settledAt = 0

  /** Replicas that are passed over in this round. */
  get passed(): ReadonlySet<string> {
    return this.#passed
  }

  /** A round has found nobody, and the next one has not begun. */
  get waiting(): boolean {
    return this.#retryAt !== null
  }

  passOver(replicaId: string): void {
    this.#passed.add(replicaId)
  }

  /** Everybody was asked, or nobody is there. */
  foundNone(): void {
    this.#passed = new Set()
    const wait = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** this.#rounds++)
    this.#retryAt = Date.now() + wait * (0.5 + Math.random() / 2)
  }

  isDue(now: number): boolean {
    return this.#retryAt !== null && now >= this.#retryAt
  }

  goOn(): void {
    this.#retryAt = null
  }

  /** Whether it has gone on for so long and waits. */
  isOver(now: number, holdSeconds: number): boolean {
    return this.waiting && now - this.#begunAt >= holdSeconds * 1_000
  }

  /** A home serves the session. Answers for how many seconds none did. */
  settled(): number {
    const now = Date.now()
    const seconds = (now - (this.#homelessSince ?? now)) / 1_000
    this.#homelessSince = null
    this.#settledAt = now
    return seconds
  }

  /** The session was settled and has to go. `refused`: its replica has no room (1013). */
  left(refused: boolean): void {
    const now = Date.now()
    this.#homelessSince = now
    if (refused && now - this.#settledAt < TRIAL_MS) return
    this.#begunAt = now
    this.#passed = new Set()
    this.#rounds = 0
  }
}
