/** How long a test waits for an event before it fails: for what never comes, not for what is slow. */
export const EVENT_LIMIT_MS = 20_000 // 20 seconds

/** What arrived at a test's end of a connection, and who waits for it. */
export class Arrivals<T> {
  readonly #what: string
  #left: T[] = []
  readonly #waiting = new Set<{
    matches: (item: T) => boolean
    resolve: (item: T) => void
    reject: (error: Error) => void
  }>()
  #ended: string | null = null

  /** `what` names one item in errors. */
  constructor(what: string) {
    this.#what = what
  }

  /** Arrived and not taken. */
  get left(): readonly T[] {
    return this.#left
  }

  add(item: T): void {
    for (const waiter of this.#waiting) {
      if (!waiter.matches(item)) continue
      this.#waiting.delete(waiter)
      waiter.resolve(item)
      return
    }
    this.#left.push(item)
  }

  /** Nothing more will come: who waits is told why. */
  end(reason: string): void {
    this.#ended ??= reason
    for (const waiter of this.#waiting) waiter.reject(new Error(reason))
    this.#waiting.clear()
  }

  /** Takes the first item that matches; waits for it. Rejects when none can come any more or the limit is over. */
  take(expected: string, matches: (item: T) => boolean = () => true): Promise<T> {
    const index = this.#left.findIndex(matches)
    if (index >= 0) return Promise.resolve(this.#left.splice(index, 1)[0] as T)
    if (this.#ended !== null) return Promise.reject(new Error(`no ${expected}: ${this.#ended}`))
    return this.within(
      expected,
      new Promise<T>((resolve, reject) => {
        this.#waiting.add({
          matches,
          resolve,
          reject: (error) => reject(new Error(`no ${expected}: ${error.message}`)),
        })
      }),
    )
  }

  /** The given promise, or an error that says what did arrive. */
  async within<V>(expected: string, promise: Promise<V>): Promise<V> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const arrived = JSON.stringify(this.#left).slice(0, 2_000)
        reject(
          new Error(
            `no ${expected} in ${EVENT_LIMIT_MS} ms; each ${this.#what} that nobody took: ${arrived}`,
          ),
        )
      }, EVENT_LIMIT_MS)
    })
    try {
      return await Promise.race([promise, limit])
    } finally {
      clearTimeout(timer)
    }
  }
}
