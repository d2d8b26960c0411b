import type { Broker, DetachRequest, HeldInbox, InboxTip } from '../broker/broker.ts'
import type { Inbox, InboxEvents } from './inbox.ts'

const RENEW_INTERVAL_MS = 300_000 // 5 minutes: far below the life of what it keeps
const RETRY_MS = 500
/** Many, so that a store in many partitions is asked in few commands; it sees to it that none takes long. */
const BATCH = 10_000

/**
 * Keeps the store right about what this replica holds: gives up what ended, and says again all that is held after an
 * interruption and from time to time. An inbox that turns out to be ahead of what was heard is read, not waited for.
 */
export class Holdings {
  readonly #broker: Broker
  readonly #inboxes: ReadonlyMap<string, Inbox>
  readonly #events: InboxEvents
  /** Releases that could not be told; said again with the counts of that moment. */
  #untold: DetachRequest[] = []
  #renewAt = Date.now() + RENEW_INTERVAL_MS
  #renewing = false
  #again = false
  /** How often all that is held was said again. */
  rounds = 0

  constructor(broker: Broker, inboxes: ReadonlyMap<string, Inbox>, events: InboxEvents) {
    this.#broker = broker
    this.#inboxes = inboxes
    this.#events = events
  }

  async release(requests: readonly DetachRequest[]): Promise<void> {
    try {
      await this.#broker.detach(requests)
    } catch {
      this.#untold.push(...requests)
      this.#renewAt = Math.min(this.#renewAt, Date.now() + RETRY_MS)
    }
  }

  tick(): void {
    if (Date.now() >= this.#renewAt) this.renew()
  }

  /** Says again what is held. A call while one is under way makes it run once more: what it said may be void. */
  renew(): void {
    this.#again = true
    if (!this.#renewing) void this.#run()
  }

  async #run(): Promise<void> {
    this.#renewing = true
    try {
      while (this.#again) {
        this.#again = false
        this.rounds++
        await this.#tellReleased()
        await this.#tellHeld()
      }
      this.#renewAt = Date.now() + RENEW_INTERVAL_MS
    } catch {
      this.#renewAt = Date.now() + RETRY_MS
    } finally {
      this.#renewing = false
    }
  }

  async #tellReleased(): Promise<void> {
    while (this.#untold.length > 0) {
      const requests = this.#untold.slice(0, BATCH).map((request) => ({
        ...request,
        subscriptions: this.#inboxes.get(request.identifier)?.positions.length ?? 0,
      }))
      await this.#broker.detach(requests)
      this.#untold.splice(0, requests.length)
    }
  }

  async #tellHeld(): Promise<void> {
    // Inboxes that the broker has not answered for yet are being attached: that says it as well.
    const held = [...this.#inboxes.values()].filter((inbox) => inbox.epoch !== '')
    for (let start = 0; start < held.length; start += BATCH) {
      const batch = held.slice(start, start + BATCH).filter((inbox) => inbox.positions.length > 0)
      const told = batch.map(({ identifier, epoch, tip, positions }) => ({
        identifier,
        epoch,
        offset: tip,
        subscriptions: positions.length,
      }))
      const tips = await this.#broker.rehold(told)
      for (const [index, tip] of tips.entries()) this.#compare(told[index] as HeldInbox, tip)
    }
  }

  #compare(told: HeldInbox, answer: InboxTip): void {
    const inbox = this.#inboxes.get(answer.identifier)
    if (!inbox) return
    const { epoch, tip } = answer
    if (epoch !== told.epoch) {
      // All positions at once, so that a crowd need not read where each of them stands.
      const heard = Math.max(told.offset, inbox.heardIn(told.epoch))
      for (const position of inbox.positions) {
        if (position.epoch === told.epoch) position.enterEpoch(epoch, answer, heard, inbox.lastPushedAt)
      }
      // A message of another epoch may have come meanwhile: then that is the newer one.
      if (inbox.epoch === told.epoch) inbox.enterEpoch(epoch, this.#events)
    }
    if (inbox.epoch === epoch) inbox.tip = Math.max(inbox.tip, tip)
    for (const position of [...inbox.live]) {
      if (position.offset < inbox.tip) inbox.leave(position, this.#events)
    }
    for (const position of inbox.positions) if (position.state === 'BEHIND') this.#events.behind(position)
  }
}
