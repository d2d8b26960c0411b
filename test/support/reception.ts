import type { StockMessage } from './clients/stock-client.ts'

interface Inbox {
  /** The last message that came, and the furthest one. */
  current: number
  furthest: number
  /** It was told that messages may be missed. */
  lossTold: boolean
  /** When each message last came, ms; index: its number. */
  readonly cameAt: number[]
}

export interface LossTold {
  readonly identifier: string
  /** Its number. */
  readonly sequence: number
  /** It had come before. */
  readonly again: boolean
}

export interface Repeats {
  readonly count: number
  /** The oldest repeat: ms from its arrival before to the last arrival of all on that connection. */
  readonly oldestMs: number
  /** How many messages came within `UNPROVEN_MS` before their connection ended: what may be repeated. */
  readonly allowed: number
}

/** How long before its end what came on a connection need not have been proved and recorded. */
const UNPROVEN_MS = 500

const MAX_VIOLATIONS = 20

/**
 * What one subscription received, held against what is promised: per identifier the payloads are 1, 2, 3 … in the order
 * of acceptance, so any other number is a gap, or a repeat, which has to say so and to follow a reconnect.
 */
export class Reception {
  readonly #who: string
  readonly #repeatsLive: boolean
  readonly #losesTail: boolean
  readonly #inboxes = new Map<string, Inbox>()
  #connectedAt = Number.NEGATIVE_INFINITY
  #lastAt = 0
  /** The last arrival on each connection that has ended. */
  readonly #cuts: number[] = []
  #repeats = 0
  #oldestMs = 0
  #allowed = 0
  /** How often it went to connect. */
  attempts = 0
  /** How often something came on a connection after the first. */
  reconnects = 0
  /** The messages that told that others of their inbox may be missed. */
  readonly lossesTold: LossTold[] = []
  /** Broken promises, in words; the first few. */
  readonly violations: string[] = []

  /**
   * `repeatsLive`: something between client and replica may move the session without a reconnect. `losesTail`: the store may
   * lose what it had not yet accepted; after it was told, that comes again.
   */
  constructor(who: string, identifiers: readonly string[], { repeatsLive = false, losesTail = false } = {}) {
    this.#who = who
    this.#repeatsLive = repeatsLive
    this.#losesTail = losesTail
    for (const identifier of identifiers)
      this.#inboxes.set(identifier, { current: 0, furthest: 0, lossTold: false, cameAt: [] })
  }

  get repeats(): Repeats {
    return { count: this.#repeats, oldestMs: this.#oldestMs, allowed: this.#allowed }
  }

  /** Something has come on the present connection. */
  get receiving(): boolean {
    return this.#lastAt > this.#connectedAt
  }

  get arrived(): number {
    return [...this.#inboxes.values()].reduce((sum, { furthest }) => sum + furthest, 0)
  }

  /** The client goes to connect. Answers how often it had before. */
  connecting(): number {
    this.#connectedAt = performance.now()
    // A further attempt after the same cut allows nothing more.
    if (this.#cuts.at(-1) !== this.#lastAt) {
      this.#allowed += this.#cameSince(this.#lastAt - UNPROVEN_MS)
      this.#cuts.push(this.#lastAt)
    }
    return this.attempts++
  }

  receive({ identifier, payload, redelivered, missed }: StockMessage): void {
    const now = performance.now()
    const sequence = Number(payload)
    if (this.#lastAt > 0 && this.#lastAt < this.#connectedAt) this.reconnects++
    const inbox = this.#inboxes.get(identifier)
    if (!inbox) {
      this.#violation(`a message of ${identifier}, which it does not hold`)
      return
    }
    const what = `message ${sequence} of ${identifier} after ${inbox.current}`
    if (missed === null && this.#losesTail) {
      inbox.lossTold = true
      this.lossesTold.push({ identifier, sequence, again: inbox.cameAt[sequence] !== undefined })
    } else if (missed !== 0) this.#violation(`${what} says that ${missed} were missed`)
    const before = inbox.cameAt[sequence]
    inbox.cameAt[sequence] = now
    if (sequence > inbox.current + 1) this.#violation(`${what}: a gap`)
    if (before === undefined) {
      if (sequence <= inbox.current) this.#violation(`${what}: out of order`)
    } else {
      this.#repeats++
      // The next connection may have been cut before it came there again.
      const cutAt = this.#cuts.find((at) => at >= before) ?? before
      this.#oldestMs = Math.max(this.#oldestMs, cutAt - before)
      if (!redelivered) this.#violation(`${what}: a repeat that does not say so`)
      if (before >= this.#connectedAt && !this.#repeatsLive && !inbox.lossTold)
        this.#violation(`${what}: a repeat on a connection that lived`)
    }
    inbox.current = sequence
    inbox.furthest = Math.max(inbox.furthest, sequence)
    this.#lastAt = now
  }

  failed(error: unknown): void {
    this.#violation(`the client gave up: ${error instanceof Error ? error.message : JSON.stringify(error)}`)
  }

  /** What was accepted and has not come, in words. */
  missing(accepted: Readonly<Record<string, number>>): string[] {
    return [...this.#inboxes].flatMap(([identifier, { furthest }]) =>
      furthest === accepted[identifier]
        ? []
        : [`${this.#who}: ${identifier} came to ${furthest} of ${accepted[identifier]}`],
    )
  }

  #cameSince(from: number): number {
    return [...this.#inboxes.values()].reduce(
      (sum, { cameAt }) => sum + cameAt.filter((at) => at > from).length,
      0,
    )
  }

  #violation(what: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(`${this.#who}: ${what}`)
  }
}
