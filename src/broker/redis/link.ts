import type { Redis } from 'ioredis'

/** How long replicas may take to confirm; with the push before it, and one such wait before that, 2 s at most. */
const COPIES_LIMIT_MS = 500

/** How much of a replication id names a term; as in `lua/inbox-core.lua`. */
const TERM_LENGTH = 12

/** One TCP connection to one server, from its admission to its end: what is said of it does not hold for the next one. */
export class Link {
  /**
   * The term that the server is in, as it said on this connection while it was the master; empty: not known. Scripts compare
   * it with the one that an inbox was written in, and ask the server where they differ: see `lua/inbox-core.lua`.
   */
  term: string
  readonly #client: Redis
  #ended = false
  #underWay: Promise<unknown> = Promise.resolve()
  #next: Promise<number> | null = null

  /** @param replicationId of a master; empty for anybody else */
  constructor(client: Redis, replicationId: string) {
    this.#client = client
    this.term = replicationId.slice(0, TERM_LENGTH)
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
