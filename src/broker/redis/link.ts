import type { Redis } from 'ioredis'

/** How long replicas may take to confirm; with the push before it, and one such wait before that, 2 s at most. */
const COPIES_LIMIT_MS = 500

/** One TCP connection to one server, from its admission to its end: what is said of it does not hold for the next one. */
export class Link {
  readonly #client: Redis
  #ended = false
  #underWay: Promise<unknown> = Promise.resolve()
  #next: Promise<number> | null = null

  constructor(client: Redis) {
    this.#client = client
  }

  /**
   * How many replicas have all that was answered on this connection before the call, as soon as `least` of them do.
   * It stops the connection for as long as they take, so those who ask meanwhile share the next WAIT.
   */
  copies(least: number): Promise<number> {
    this.#next ??= this.#wait(least)
    return this.#next
  }

  end(): void {
    this.#ended = true
  }

  async #wait(least: number): Promise<number> {
    await this.#underWay
    // Answers that came together ask together.
    await new Promise(setImmediate)
    this.#next = null
    // WAIT looks at what its own connection wrote: on the next one it would confirm what it knows nothing of.
    if (this.#ended) throw new Error('the connection was lost before the replicas had confirmed')
    const waited = this.#client.wait(least, COPIES_LIMIT_MS)
    this.#underWay = waited.catch(() => {})
    return await waited
  }
}
