import type { Log } from '../../observability/log.ts'

/** Tells of an outage once, of each new reason once, and when it is over. */
export class TroubleLog {
  last: string | null = null
  readonly #address: string
  readonly #log: Log | undefined

  constructor(address: string, log: Log | undefined) {
    this.#address = address
    this.#log = log
  }

  failed(error: Error): void {
    // A refused connection to several addresses comes as an AggregateError without a message of its own.
    const reason = error.message || (error as NodeJS.ErrnoException).code || error.name
    if (reason === this.last) return
    this.last = reason
    this.#log?.warn({ redis: this.#address, reason }, 'Redis cannot be reached; trying again')
  }

  over(): void {
    if (this.last !== null) this.#log?.info({ redis: this.#address }, 'Redis is back')
    this.last = null
  }
}
