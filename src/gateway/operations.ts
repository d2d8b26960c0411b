import { mayRepeat } from './repeatable.ts'

/** All that is kept of a session's operations at most: they have to be said again to the next replica. */
const MAX_KEPT_BYTES = 4_194_304 // 4 MiB, the longest message there is

export interface KeptOperation {
  readonly id: string
  /** Its `subscribe` message, as the client sent it. */
  readonly message: string
  /** A replica has been told. */
  sent: boolean
}

/** The operations of one session that have neither been answered nor ended, in the order in which they began. */
export class Operations {
  readonly #kept = new Map<string, KeptOperation>()
  #bytes = 0

  has(id: string): boolean {
    return this.#kept.has(id)
  }

  /** False where too much would be kept. */
  keep(id: string, message: string, sent: boolean): boolean {
    if (this.#bytes + message.length > MAX_KEPT_BYTES) return false
    this.#bytes += message.length
    this.#kept.set(id, { id, message, sent })
    return true
  }

  end(id: string): void {
    const operation = this.#kept.get(id)
    if (!operation) return
    this.#bytes -= operation.message.length
    this.#kept.delete(id)
  }

  /** What the next replica is to be told; from then on they count as sent. */
  takeUnsent(): KeptOperation[] {
    const unsent = [...this.#kept.values()].filter(({ sent }) => !sent)
    for (const operation of unsent) operation.sent = true
    return unsent
  }

  /**
   * The replica is gone: what may be said again will be. Answers the operations for which nobody can know whether they
   * have happened; they are over.
   */
  interrupt(): string[] {
    const lost: string[] = []
    for (const operation of this.#kept.values()) {
      if (!operation.sent) continue
      if (mayRepeat(operation.message)) operation.sent = false
      else lost.push(operation.id)
    }
    for (const id of lost) this.end(id)
    return lost
  }
}
