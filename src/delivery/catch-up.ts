import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, StoredMessage } from '../broker/broker.ts'
import type { InboxEvents } from './inbox.ts'
import { Push } from './message.ts'
import type { Position } from './position.ts'
import type { ReceiptLedger } from './receipts.ts'

const PAGE_MESSAGES = 100
const MAX_READERS = 64
const RETRY_MS = [50, 100, 200, 400, 800, 1_600] as const
/** After an epoch change, messages this much older than the last one seen may be new all the same: clocks differ. */
const CLOCK_TOLERANCE_MS = 5_000 // 5 seconds

/**
 * Brings positions that are BEHIND to the tip of their inbox and puts them on the live path.
 *
 * Interleavings of "reached the tip" with "a message arrives": both happen in one turn of the event loop each. Either
 * the message arrives first: the tip moves, the loop reads once more. Or the position goes live first: the message then
 * comes to it through the channel. A message that was read and comes again through the channel is skipped by its offset.
 */
export class CatchUp {
  readonly #broker: Broker
  readonly #ledger: ReceiptLedger
  readonly #events: InboxEvents
  readonly #reading = new Set<Position>()
  readonly #queue: (() => void)[] = []
  #readers = 0
  /** Messages lost to retention or to the store, as told in `missed`. */
  gaps = 0

  constructor(broker: Broker, ledger: ReceiptLedger, events: InboxEvents) {
    this.#broker = broker
    this.#ledger = ledger
    this.#events = events
  }

  /** Begins, unless the position has a reader already, or its session has no room: then it begins when that drains. */
  begin(position: Position): void {
    if (position.state !== 'BEHIND' || this.#reading.has(position)) return
    if (this.#arrived(position)) return
    if (position.subscription.session.congested) {
      position.subscription.session.waitForDrain(position, (drained) => this.begin(drained))
      return
    }
    this.#reading.add(position)
    void this.#run(position)
  }

  /** Reads until the position is live, ended, or waits for its socket. Never rejects. */
  async #run(position: Position): Promise<void> {
    let failures = 0
    await this.#enter()
    try {
      while (
        position.state === 'BEHIND' &&
        !this.#arrived(position) &&
        !position.subscription.session.congested
      ) {
        // Without progress the store is away, or behind what the channel told: it says so itself, we only keep asking.
        const advanced = await this.#page(position).catch(() => false)
        failures = advanced ? 0 : failures + 1
        if (failures > 0) await delay(retryMs(failures), undefined, { ref: false })
      }
    } finally {
      this.#leave()
      this.#reading.delete(position)
    }
    this.begin(position)
  }

  #arrived(position: Position): boolean {
    const { inbox } = position
    if (position.epoch !== inbox.epoch || position.offset < inbox.tip) return false
    inbox.goLive(position)
    return true
  }

  /** Reads one page and writes what there is room for. Answers whether the position moved. */
  async #page(position: Position): Promise<boolean> {
    const { inbox } = position
    const asked = { epoch: position.epoch, offset: position.offset }
    const inboxEpoch = inbox.epoch
    const page = await this.#broker.read(inbox.identifier, asked, PAGE_MESSAGES)
    if (position.state !== 'BEHIND') return true
    // The inbox entered another epoch while we were reading: ask again from where the position stands now.
    if (position.epoch !== asked.epoch || position.offset !== asked.offset) return true
    if (page.epoch !== position.epoch && !page.lossy && page.kept !== null) {
      const offset = Math.max(position.offset, inbox.heardIn(position.epoch))
      if (offset > page.kept) {
        // Nobody has told of this loss yet. Told first, it is known to all when we read again; else some would hear of it twice.
        const told = { epoch: position.epoch, offset, subscriptions: inbox.positions.length }
        await this.#broker.rehold([{ identifier: inbox.identifier, ...told }])
        return true
      }
    }
    // Newer than what the inbox knew, unless a message of yet another epoch came while we were reading.
    if (page.epoch !== inbox.epoch && inbox.epoch === inboxEpoch) inbox.enterEpoch(page.epoch, this.#events)
    if (page.epoch === inbox.epoch) inbox.tip = Math.max(inbox.tip, page.tip)
    if (page.epoch !== position.epoch) {
      position.enterEpoch(page.epoch, page, inbox.heardIn(position.epoch), inbox.lastPushedAt)
      return true
    }
    if (page.lost > 0) {
      this.gaps += page.lost
      if (position.missed !== null) position.missed += page.lost
      position.offset += page.lost
    }
    for (const stored of page.messages) {
      if (position.subscription.session.congested) return true
      this.#write(position, stored)
    }
    position.offset = Math.max(position.offset, page.through)
    return position.offset > asked.offset || position.offset >= inbox.tip
  }

  #write(position: Position, stored: StoredMessage): void {
    const { inbox } = position
    const { pushedAt } = stored.push
    if (pushedAt <= position.hadThrough - CLOCK_TOLERANCE_MS) {
      position.offset = stored.offset
      return
    }
    const push = new Push(stored.push, this.#ledger)
    position.write(inbox.message(push, position.epoch, stored.offset), pushedAt <= position.hadThrough)
    if (pushedAt > inbox.lastPushedAt) inbox.lastPushedAt = pushedAt
  }

  /** Waits for a place among the readers, so that many positions behind at once cost bounded memory. */
  async #enter(): Promise<void> {
    if (this.#readers >= MAX_READERS) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#readers++
  }

  /** Hands the place to the next in the queue. */
  #leave(): void {
    const next = this.#queue.shift()
    if (next) next()
    else this.#readers--
  }
}

function retryMs(failures: number): number {
  return RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0
}
