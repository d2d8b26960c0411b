import { setTimeout as delay } from 'node:timers/promises'
import type { Attached, AttachRequest, Broker, InboxPosition } from '../broker/broker.ts'
import type { CatchUp } from './catch-up.ts'
import type { Holdings } from './holdings.ts'
import type { InboxEvents } from './inbox.ts'
import type { Records } from './records.ts'
import type { Subscription } from './subscription.ts'

const ATTACH_RETRY_MS = [100, 200, 400, 800, 1_600] as const

/** Brings new subscriptions to life: the broker makes this replica a holder and tells where each of them stands. */
export class Attachments {
  readonly #broker: Broker
  readonly #holdings: Holdings
  readonly #records: Records
  readonly #catchUp: CatchUp
  readonly #events: InboxEvents
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
   * Resolves when the subscription is live, or has ended before. Never rejects: while the store is away it is asked
   * again, since an error would end the client's operation for good.
   */
  async attach(subscription: Subscription, after: ReadonlyMap<string, InboxPosition>): Promise<void> {
    for (let attempt = 0; subscription.lives; attempt++) {
      const requests: AttachRequest[] = subscription.positions.map(({ inbox }) => ({
        identifier: inbox.identifier,
        subscriptions: inbox.positions.length,
        resume: subscription.resume,
        after: after.get(inbox.identifier) ?? null,
      }))
      const { rounds } = this.#holdings
      try {
        const attached = await this.#broker.attach(requests)
        if (subscription.lives) this.#start(subscription, attached)
        // The store may have been wiped after it answered and before the answer came: that round left us out.
        if (rounds !== this.#holdings.rounds) this.#holdings.renew()
        return
      } catch {
        const wait = ATTACH_RETRY_MS[Math.min(attempt, ATTACH_RETRY_MS.length - 1)]
        await delay(wait, undefined, { ref: false })
      }
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
