import { endOf, type Principal } from './principal.ts'

const INTERVAL_MS = 500

/** Something that ends with whom it is for. */
export interface Guarded {
  /** May change: a session's token can be renewed. */
  readonly principal: Principal
  /** Its principal counts no more, and why. Called once. */
  expired(reason: string): void
}

/** The one sweep over all that ends with its token or key: no timer for each. */
export class Expiries implements Disposable {
  readonly #guarded = new Set<Guarded>()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#sweep(Date.now()), INTERVAL_MS)
    this.#timer.unref()
  }

  watch(guarded: Guarded): void {
    this.#guarded.add(guarded)
  }

  unwatch(guarded: Guarded): void {
    this.#guarded.delete(guarded)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #sweep(now: number): void {
    for (const guarded of this.#guarded) {
      const end = endOf(guarded.principal, now)
      if (end === null) continue
      this.#guarded.delete(guarded)
      guarded.expired(end)
    }
  }
}
