import type { Chooser } from '../cluster/choice.ts'
import type { Registry, ReplicaSnapshot } from '../cluster/registry.ts'

/** So many connections to replicas are being opened at once; who wants one more waits for its turn. */
const MAX_OPENING = 128

export interface Seeker {
  /** Its turn: it opens a connection, and calls `settled` once when that has come to something or to nothing. */
  turn(settled: () => void): void
}

/**
 * Where sessions go: by weight, except where a replica was just seen to be out of reach; and in turn, since a replica that
 * dies sends thousands on their way at once.
 */
export class Steering {
  readonly #registry: Pick<Registry, 'replicas'>
  readonly #chooser: Chooser
  readonly #queue: Seeker[] = []
  #opening = 0
  /** Replicas that could not be reached, and their load then: the next one that they report proves them wrong. */
  readonly #unreachable = new Map<string, number>()

  constructor(registry: Pick<Registry, 'replicas'>, chooser: Chooser) {
    this.#registry = registry
    this.#chooser = chooser
  }

  /** Null when none but these takes connections. */
  choose(except: ReadonlySet<string>): ReplicaSnapshot | null {
    const left = this.#unreachable.size === 0 ? except : new Set([...except, ...this.#unreachableNow()])
    return this.#chooser.choose(null, left)?.replica ?? null
  }

  /** A connection could not be made: nobody is sent there until it is heard of again. */
  unreachable(replicaId: string): void {
    const replica = this.#registry.replicas().find(({ id }) => id === replicaId)
    if (replica) this.#unreachable.set(replicaId, replica.lastSeen.getTime())
  }

  enter(seeker: Seeker): void {
    this.#queue.push(seeker)
    this.#next()
  }

  #next(): void {
    while (this.#opening < MAX_OPENING) {
      const seeker = this.#queue.shift()
      if (!seeker) return
      this.#opening++
      let settled = false
      seeker.turn(() => {
        if (settled) return
        settled = true
        this.#opening--
        this.#next()
      })
    }
  }

  #unreachableNow(): string[] {
    const seen = new Map(this.#registry.replicas().map(({ id, lastSeen }) => [id, lastSeen.getTime()]))
    for (const [id, at] of this.#unreachable) if (seen.get(id) !== at) this.#unreachable.delete(id)
    return [...this.#unreachable.keys()]
  }
}
