import { hostText, type RedisHost } from '../../config/redis-url.ts'

/** What CLUSTER SLOTS answers: ranges of slots with their master and its replicas. */
export type SlotRows = readonly (readonly [
  first: number,
  last: number,
  master: readonly [host: string | null, port: number, ...rest: unknown[]],
  ...replicas: unknown[],
])[]

/** Which node of a Cluster has which slot, as last heard of. */
export class Topology {
  readonly #homes: (string | undefined)[] = []
  readonly #listeners = new Set<() => void>()

  /** `host:port` of the master that has the slot; undefined while nobody is known to have it. */
  homeOf(slot: number): string | undefined {
    return this.#homes[slot]
  }

  /** Every master that has a slot. */
  get masters(): ReadonlySet<string> {
    return new Set(this.#homes.filter((home) => home !== undefined))
  }

  /** Calls back after each change. */
  watch(changed: () => void): void {
    this.#listeners.add(changed)
  }

  /** @param askedHost for the node that does not know its own name */
  learn(rows: SlotRows, askedHost: string): void {
    const homes: (string | undefined)[] = []
    for (const [first, last, [host, port]] of rows) {
      const home = hostText({ host: host || askedHost, port })
      for (let slot = first; slot <= last; slot++) homes[slot] = home
    }
    let changed = false
    for (let slot = 0; slot < Math.max(homes.length, this.#homes.length); slot++) {
      if (this.#homes[slot] === homes[slot]) continue
      this.#homes[slot] = homes[slot]
      changed = true
    }
    if (changed) this.#tell()
  }

  /** A node has answered that this slot is elsewhere. */
  moved(slot: number, home: string): void {
    if (this.#homes[slot] === home) return
    this.#homes[slot] = home
    this.#tell()
  }

  #tell(): void {
    for (const changed of this.#listeners) changed()
  }
}

/** `host:port` back into its parts. */
export function toHost(text: string): RedisHost {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}
