import type { Broker, Confirmation } from '../broker/broker.ts'
import type { Inbox } from './inbox.ts'
import type { Position } from './position.ts'

/** Small, so that neither this process nor the store is held up for long by one: deliveries go on between them. */
const MAX_BATCH = 100

/**
 * Writes resume records: how far each durable subscription got, in batches. A record is written when its offset moved,
 * and again before it would expire, for as long as the subscription lives.
 */
export class Records {
  readonly #broker: Broker
  readonly #inboxes: ReadonlyMap<string, Inbox>
  #listed: Position[] = []
  #flushing: Promise<void> | null = null
  #nextRenewalAt = 0
  #resumeSeconds: number

  constructor(broker: Broker, inboxes: ReadonlyMap<string, Inbox>, resumeSeconds: number) {
    this.#broker = broker
    this.#inboxes = inboxes
    this.#resumeSeconds = resumeSeconds
  }

  /** How long records last from now on: those there are may have to be renewed earlier than thought. */
  configure(resumeSeconds: number): void {
    this.#resumeSeconds = resumeSeconds
    this.#nextRenewalAt = 0
  }

  /** The broker has just written the record of this position. */
  attached(position: Position): void {
    if (position.subscription.resume !== null) position.recordedAt = Date.now()
  }

  /** Its confirmed offset moved. */
  add(position: Position): void {
    if (position.listed || position.subscription.resume === null) return
    position.listed = true
    this.#listed.push(position)
  }

  /** Resolves when all that was confirmed before the call is recorded; rejects when it could not be. */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => {})
    this.#renew()
    if (this.#listed.length === 0) return
    const positions = this.#listed
    this.#listed = []
    for (const position of positions) position.listed = false
    this.#flushing = this.#write(positions)
    try {
      await this.#flushing
    } catch (error) {
      for (const position of positions) this.add(position)
      throw error
    } finally {
      this.#flushing = null
    }
  }

  async #write(positions: readonly Position[]): Promise<void> {
    const now = Date.now()
    for (let start = 0; start < positions.length; start += MAX_BATCH) {
      const batch = positions.slice(start, start + MAX_BATCH).filter((position) => position.state !== 'ENDED')
      const confirmations = batch.flatMap((position): Confirmation[] => {
        const confirmation = position.confirmation(null)
        return confirmation ? [confirmation] : []
      })
      if (confirmations.length > 0) await this.#broker.confirm(confirmations)
      for (const position of batch) position.recordedAt = now
    }
  }

  /** Records last twice `resumeSeconds` while the subscription lives: half of one is early enough to renew them. */
  #renew(): void {
    const now = Date.now()
    if (now < this.#nextRenewalAt) return
    const age = this.#resumeSeconds * 500
    this.#nextRenewalAt = now + Math.min(age / 4, 10_000)
    for (const { positions } of this.#inboxes.values()) {
      for (const position of positions) {
        if (position.recordedAt > 0 && now - position.recordedAt >= age) this.add(position)
      }
    }
  }
}
