import { setTimeout as delay } from 'node:timers/promises'
import type { Attached, AttachRequest, Broker, InboxPosition } from '../broker/broker.ts'
import type { CatchUp } from './catch-up.ts'
import type { Holdings } from './holdings.ts'
import type { InboxEvents } from './inbox.ts'
import type { Records } from './records.ts'
import type { Subscription } from './subscription.ts'

const ATTACH_RETRY_MS = [100, 200, 400, 800, 1_600] as const
/** Where more keep coming, a call waits for them no longer than this. */
const MAX_GATHERING_MS = 5
/** Inboxes that are asked for in one call: the store is not kept from others for long. */
const MAX_INBOXES = 100

interface Beginning {
  readonly subscription: Subscription
  /** Where an app asks it to start, by identifier. */
  readonly after: ReadonlyMap<string, InboxPosition>
}

/**
 * Brings new subscriptions to life: the broker makes this replica a holder and tells where each of them stands. Those that
 * begin while the event loop turns and more keep coming share a call, so that a crowd costs few round trips.
 *
 * Holders stay right: what ends before its call is sent is left out of it, what ends later is told after it, on the same
 * connection. The numbers of subscriptions are those of the moment of sending.
 */
export class Attachments {
  readonly #broker: Broker
  readonly #holdings: Holdings
  readonly #records: Records
  readonly #catchUp: CatchUp
  readonly #events: InboxEvents
  #beginning: Beginning[] = []
  #grew = false
  #since = 0
  /** Subscriptions that went on where an earlier session had ended, since the start. */
  resumed = 0

  constructor(
    broker: Broker,
    parts: { holdings: Holdings; records: Records; catchUp: CatchUp; events: InboxEvents },
  ) {
    this.#broker = broker
    this.#holdings = parts.holdings
    this.#records = parts.records
    this.#catchUp = parts.catchUp
    this.#events = parts.events
  }

  /**
   * Never fails: while the store is away it is asked again, since an error would end the client's operation for good.
   */
  attach(subscription: Subscription, after: ReadonlyMap<string, InboxPosition>): void {
    if (this.#beginning.length === 0) {
      this.#since = performance.now()
      setImmediate(this.#turned)
    }
    this.#beginning.push({ subscription, after })
    this.#grew = true
  }

  readonly #turned = (): void => {
    if (this.#grew && performance.now() - this.#since < MAX_GATHERING_MS) {
      this.#grew = false
      setImmediate(this.#turned)
    } else this.#send()
  }

  #send(): void {
    let batch: Beginning[] = []
    let inboxes = 0
    for (const each of this.#beginning) {
      const { length } = each.subscription.positions
      if (inboxes > 0 && inboxes + length > MAX_INBOXES) {
        void this.#attach(batch, 0)
        batch = []
        inboxes = 0
      }
      batch.push(each)
      inboxes += length
    }
    this.#beginning = []
    void this.#attach(batch, 0)
  }

  async #attach(batch: readonly Beginning[], attempt: number): Promise<void> {
    const living = batch.filter(({ subscription }) => subscription.lives)
    if (living.length === 0) return
    const { rounds } = this.#holdings
    try {
      const attached = await this.#broker.attach(living.flatMap(toRequests))
      let taken = 0
      for (const { subscription } of living) {
        const { length } = subscription.positions
        if (subscription.lives) this.#start(subscription, attached.slice(taken, taken + length))
        taken += length
      }
      // The store may have been wiped after it answered and before the answer came: that round left us out.
      if (rounds !== this.#holdings.rounds) this.#holdings.renew()
    } catch {
      const wait = ATTACH_RETRY_MS[Math.min(attempt, ATTACH_RETRY_MS.length - 1)]
      await delay(wait, undefined, { ref: false })
      // In halves: should one of them be what the store cannot do, it keeps no others back.
      const half = Math.ceil(living.length / 2)
      void this.#attach(living.slice(0, half), attempt + 1)
      void this.#attach(living.slice(half), attempt + 1)
    }
  }

  #start(subscription: Subscription, attached: readonly Attached[]): void {
    if (attached.some((each) => each.resumed)) this.resumed++
    for (const [index, position] of subscription.positions.entries()) {
      const answer = attached[index] as Attached
      const { inbox } = position
      position.start(answer)
      if (inbox.epoch === '') inbox.enterEpoch(answer.epoch, this.#events)
      if (inbox.epoch === answer.epoch) inbox.tip = Math.max(inbox.tip, answer.tip)
      this.#records.attached(position)
    }
    const cursors = subscription.positions.map((position) => position.inbox.cursor(position))
    subscription.session.transport.announceLive(subscription.operationId, cursors)
    for (const position of subscription.positions) this.#catchUp.begin(position)
  }
}

function toRequests({ subscription, after }: Beginning): AttachRequest[] {
  return subscription.positions.map(({ inbox }) => ({
    identifier: inbox.identifier,
    subscriptions: inbox.positions.length,
    resume: subscription.resume,
    after: after.get(inbox.identifier) ?? null,
  }))
}
