import type { Arrival, Broker, BrokerListener, DetachRequest, InboxPosition } from '../broker/broker.ts'
import { EVERYONE } from '../broker/broker.ts'
import { Distribution } from '../distribution.ts'
import { Attachments } from './attachments.ts'
import { CatchUp } from './catch-up.ts'
import { Holdings } from './holdings.ts'
import { Inbox, type InboxEvents } from './inbox.ts'
import { Push } from './message.ts'
import { Passages, type Route } from './passages.ts'
import { type PlanOperation, Plans } from './plan.ts'
import { Position } from './position.ts'
import { Proofs, TICK_MS } from './proofs.ts'
import { ReceiptLedger } from './receipts.ts'
import { Records } from './records.ts'
import { Session, type SessionDetails, type SessionSurroundings, type Transport } from './session.ts'
import { Subscription } from './subscription.ts'
import { type Ending, type HubWatcher, NOBODY, type Tracer } from './watcher.ts'

export interface HubLimits {
  readonly maxBufferedBytes: number
  readonly resumeSeconds: number
}

export interface SubscribeRequest {
  readonly session: Session
  readonly operationId: string
  readonly operation: PlanOperation
  /** The root field's name in the schema. */
  readonly field: string
  /** Distinct; `EVERYONE` is held besides. */
  readonly identifiers: readonly string[]
  /** Where an app asks a new operation to start, by identifier. */
  readonly after: ReadonlyMap<string, InboxPosition>
  /** Who resumes it, as records name it; null: nobody can. */
  readonly resumeAs: string | null
}

/** Counted since the start, for metrics. */
export interface HubCounts {
  readonly sent: number
  readonly delivered: number
  readonly redelivered: number
  readonly resumed: number
  readonly gaps: number
  /** Positions that left the live path because the socket of their session was full. */
  readonly slowReaders: number
  readonly sessionsOpened: number
  readonly sessionsClosed: number
}

/** What was proved is recorded this often; half as often where many wait for it. */
const FLUSH_TICKS = 4 // 100 ms
const BUSY_FLUSH_TICKS = 8 // 200 ms

/**
 * The hub: every subscription of this replica, and the way of each message to all of them.
 *
 * Arrivals come in synchronously from the broker, go through the inbox of their identifier to each live position, are
 * rendered once per plan, stamped, and queued on the session's transport. Nothing here waits for anything: whoever
 * cannot take a message now leaves the live path and reads it later (`catch-up.ts`).
 */
export class Hub implements BrokerListener, InboxEvents, AsyncDisposable {
  readonly sessions = new Map<string, Session>()
  readonly #watcher: HubWatcher
  readonly #tracer: Tracer | null
  readonly #inboxes = new Map<string, Inbox>()
  readonly #plans = new Plans()
  readonly #ledger: ReceiptLedger
  readonly #records: Records
  readonly #holdings: Holdings
  readonly #catchUp: CatchUp
  readonly #attachments: Attachments
  readonly #clock: NodeJS.Timeout
  readonly #proofs = new Proofs()
  readonly #passages = new Passages()
  readonly #surroundings: SessionSurroundings
  #subscriptions = 0
  #ticks = 0
  #slowReaders = 0
  #sessionsOpened = 0
  /** Lengths of the sessions that ended, ms. */
  readonly sessionMs = new Distribution()

  constructor(broker: Broker, limits: HubLimits, watcher: HubWatcher = NOBODY, tracer: Tracer | null = null) {
    this.#watcher = watcher
    this.#tracer = tracer
    this.#ledger = new ReceiptLedger(broker, watcher)
    this.#records = new Records(broker, this.#inboxes, limits.resumeSeconds)
    this.#holdings = new Holdings(broker, this.#inboxes, this)
    this.#catchUp = new CatchUp(broker, this.#ledger, this)
    this.#attachments = new Attachments(broker, {
      holdings: this.#holdings,
      records: this.#records,
      catchUp: this.#catchUp,
      events: this,
    })
    this.#surroundings = {
      ledger: this.#ledger,
      proofs: this.#proofs,
      passages: this.#passages,
      maxBufferedBytes: limits.maxBufferedBytes,
    }
    this.#clock = setInterval(() => this.#tick(), TICK_MS)
    this.#clock.unref()
  }

  get subscriptions(): number {
    return this.#subscriptions
  }

  get counts(): HubCounts {
    const { sent, delivered, redelivered } = this.#ledger
    return {
      sent,
      delivered,
      redelivered,
      resumed: this.#attachments.resumed,
      gaps: this.#catchUp.gaps,
      slowReaders: this.#slowReaders,
      sessionsOpened: this.#sessionsOpened,
      sessionsClosed: this.sessionMs.count,
    }
  }

  /** From accepting a push to a client that had it, ms; of what was pushed while the session was connected. */
  get latencyMs(): Distribution {
    return this.#ledger.latencyMs
  }

  /** How far the store's clock, by which pushes are dated, is ahead of ours, ms. */
  set clockAheadMs(ms: number) {
    this.#ledger.clockAheadMs = ms
  }

  arrived(arrival: Arrival): void {
    const route = this.#routeOf(arrival)
    let push: Push | undefined
    for (const entry of arrival.entries) {
      const inbox = this.#inboxes.get(entry.identifier)
      if (!inbox) continue
      push ??= new Push(arrival.push, this.#ledger, route)
      if (arrival.stored) inbox.arrive(push, entry.epoch, entry.offset, this)
      else inbox.arriveEphemeral(push, entry.epoch, entry.offset)
    }
    route?.routed()
  }

  interrupted(): void {
    this.#holdings.renew()
  }

  behind(position: Position): void {
    if (position.subscription.session.congested) this.#slowReaders++
    this.#catchUp.begin(position)
  }

  open(details: SessionDetails, transport: Transport): Session {
    const session = new Session(details, transport, this.#surroundings)
    this.sessions.set(session.id, session)
    this.#sessionsOpened++
    this.#watcher.opened(session)
    return session
  }

  /** Holds from now on, for subscriptions that live already as well. */
  configure({ resumeSeconds }: Pick<HubLimits, 'resumeSeconds'>): void {
    this.#records.configure(resumeSeconds)
  }

  /** The connection is gone: what it had is recorded, and everything it held is given up. `ending`: where we did not close it. */
  async close(session: Session, ending: Ending): Promise<void> {
    if (session.closed) return
    session.closed = true
    this.sessions.delete(session.id)
    this.sessionMs.add(Math.max(0, Date.now() - session.details.connectedAt))
    this.#watcher.closed(session, session.transport.closing ?? ending)
    await Promise.all(
      [...session.subscriptions.values()].map((subscription) => this.#end(subscription, false)),
    )
  }

  /** The client proved, by the answer to question `sequence`, what it has. */
  proved(session: Session, sequence: number): void {
    for (const position of session.proved(sequence)) this.#records.add(position)
  }

  /**
   * Registers a subscription and brings it to life, at once or as soon as the store is there. What arrives from then on
   * is written to its session until it ends.
   */
  subscribe(request: SubscribeRequest): Subscription {
    const { session, operationId } = request
    const plan = this.#plans.acquire(request.operation, request.field)
    const resumeAs = session.transport.proves ? request.resumeAs : null
    const resume = resumeAs === null ? null : { subject: resumeAs, operationId, owner: session.id }
    const subscription = new Subscription(session, operationId, plan, resume)
    const identifiers = new Set([...request.identifiers, EVERYONE])
    subscription.positions = [...identifiers].map((identifier) => {
      const inbox = this.#inbox(identifier)
      const position = new Position(subscription, inbox)
      inbox.add(position)
      return position
    })
    session.subscriptions.set(operationId, subscription)
    this.#subscriptions++
    this.#attachments.attach(subscription, request.after)
    return subscription
  }

  /** The operation ended while its session lives on: by its client (`completed`) or by us. */
  async unsubscribe(subscription: Subscription, completed: boolean): Promise<void> {
    await this.#end(subscription, completed)
  }

  /** Sessions that hold one of the identifiers. */
  holding(identifiers: readonly string[]): Session[] {
    const sessions = new Set<Session>()
    for (const identifier of identifiers) {
      for (const position of this.#inboxes.get(identifier)?.positions ?? [])
        sessions.add(position.subscription.session)
    }
    return [...sessions]
  }

  /** Writes out what is known of deliveries. */
  async flush(): Promise<void> {
    await Promise.allSettled([this.#records.flush(), this.#ledger.flush()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#clock)
    const ending = { code: null, reason: 'the replica stopped' }
    await Promise.all([...this.sessions.values()].map((session) => this.close(session, ending)))
    await this.flush()
  }

  #routeOf(arrival: Arrival): Route | null {
    if (this.#tracer === null || arrival.push.traceparent === null) return null
    const passage = this.#tracer.arrived(arrival)
    return passage === null ? null : this.#passages.begin(passage)
  }

  #inbox(identifier: string): Inbox {
    let inbox = this.#inboxes.get(identifier)
    if (!inbox) {
      inbox = new Inbox(identifier)
      this.#inboxes.set(identifier, inbox)
    }
    return inbox
  }

  async #end(subscription: Subscription, completed: boolean): Promise<void> {
    if (!subscription.lives) return
    subscription.session.subscriptions.delete(subscription.operationId)
    this.#subscriptions--
    this.#plans.release(subscription.plan)
    const requests: DetachRequest[] = subscription.positions.map((position) => {
      const { inbox } = position
      // A position that never started knows nothing: its record, if any, stays as it is.
      const started = position.state !== 'ATTACHING'
      inbox.end(position)
      if (inbox.positions.length === 0) this.#inboxes.delete(inbox.identifier)
      return {
        identifier: inbox.identifier,
        subscriptions: inbox.positions.length,
        confirmation: completed || !started ? null : position.confirmation(position.written),
        forget: completed ? subscription.resume : null,
      }
    })
    subscription.end()
    await this.#holdings.release(requests)
  }

  #tick(): void {
    this.#proofs.tick(Date.now())
    if (++this.#ticks % (this.#proofs.busy ? BUSY_FLUSH_TICKS : FLUSH_TICKS) !== 0) return
    // Both keep what could not be written and try again at the next tick.
    this.#records.flush().catch(() => {})
    this.#ledger.flush().catch(() => {})
    this.#holdings.tick()
    this.#plans.rest()
  }
}
