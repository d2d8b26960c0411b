/**
 * The broker: stores messages, knows who holds which identifier, and carries every push to its holders.
 *
 * Two implementations (`memory.ts`, `redis/broker.ts`) pass one conformance suite. What every one of them promises:
 *
 * - **Atomic.** Storing a message, finding its holders and sending it to them is one step per partition: a message that
 *   has an offset was sent to every holder of that moment, and a holder that attaches later finds it below its `tip`.
 * - **Ordered.** Offsets of one identifier are contiguous: 1, 2, 3 … A listener hears of one identifier's messages in
 *   offset order, except across `interrupted`, after which it must ask again (`rehold`).
 * - **At most once on the live path.** A listener never hears the same offset twice. What was lost on the way (an
 *   interrupted connection) is found by `rehold` and fetched by `read`.
 * - **Accepted is kept.** When `publish` has resolved, the message is stored (unless ephemeral) for as long as retention
 *   keeps it. When it cannot be stored, `publish` rejects with `BROKER_UNAVAILABLE`; a repeat with the same push id
 *   completes what is missing and stores nothing twice.
 * - **Epochs.** A position names the epoch in which its offset counts. An inbox enters another epoch before the first offset
 *   is given by a server that may know less of it than the former one did (a restart, a failover), and when a replica
 *   (`rehold`) or a resume record presents a position beyond what there is. Offsets go on counting; how far a former epoch
 *   is the same as the one of now is known (`Continuation`), so no new message passes for one that was lost. Where nothing
 *   is known of an epoch, all begins at 0. An `after` comes from outside: whatever it says, it changes nothing for others.
 *
 * Times are milliseconds since 1970 by the store's own clock unless a name says otherwise. Every method rejects with
 * `CloudpushError` `BROKER_UNAVAILABLE` when the store cannot be reached in time.
 */

/** Every subscription holds it; `everyone: true` pushes to it. */
export const EVERYONE = '*'

export type Trigger = 'HTTP' | 'WEBSOCKET'

/** What all messages of one push share. `payload` is JSON text: serialised once, never parsed on the way. */
export interface PushHeader {
  readonly id: string
  readonly from: string | null
  readonly trigger: Trigger
  /** By which its way can be traced (W3C Trace Context); null where it is not. */
  readonly traceparent: string | null
  readonly payload: string
  readonly pushedAt: number
  /** Null: as long as retention keeps it. An ephemeral push (`ttlSeconds: 0`) expires when it was pushed. */
  readonly expiresAt: number | null
  /** Where the push's receipts are counted; opaque, handed back in `countReceipts`. */
  readonly partition: number
}

/** A place in one inbox. `offset` 0 is before the first message. */
export interface InboxPosition {
  readonly epoch: string
  readonly offset: number
}

/** One identifier's part of a push. An ephemeral one has no offset of its own: its offset is the tip it came after. */
export interface MessageEntry extends InboxPosition {
  readonly identifier: string
}

/** A push as it reaches a holder: the payload once, with the entries of all identifiers that it holds. */
export interface Arrival {
  readonly push: PushHeader
  readonly stored: boolean
  readonly entries: readonly MessageEntry[]
}

export interface BrokerListener {
  /** Called synchronously in channel order. Must not throw. */
  arrived(arrival: Arrival): void
  /** Messages may have been lost on the way, or the store forgot this holder: call `rehold` for all that is held. */
  interrupted(): void
}

export interface NewPush {
  readonly id: string
  /** Distinct identifiers, at least one; `EVERYONE` among them for a push to everyone. */
  readonly to: readonly string[]
  readonly payload: string
  readonly from: string | null
  readonly trigger: Trigger
  readonly traceparent: string | null
  readonly delaySeconds: number
  /** 0: ephemeral, to live subscriptions only. Null: as long as retention keeps it. */
  readonly ttlSeconds: number | null
}

export interface Published {
  readonly id: string
  readonly accepted: number
  /** The identifiers of `to` that no living replica held. For a duplicate: what the first one answered. */
  readonly offline: readonly string[]
  readonly duplicate: boolean
  readonly deliverAt: number | null
}

/** Names a durable subscription: the same client's same operation, across sessions. */
export interface ResumeIdentity {
  /** The token's subject with whatever makes the client unique (`clientKey`), or the anonymous marker. */
  readonly subject: string
  readonly operationId: string
}

/** `owner` is the session that attached last; what a former owner writes is ignored. */
export interface ResumeKey extends ResumeIdentity {
  readonly owner: string
}

export interface AttachRequest {
  readonly identifier: string
  /** How many subscriptions of this replica hold the identifier, this one counted in. */
  readonly subscriptions: number
  /** Null: this subscription is not durable; nothing is recorded. */
  readonly resume: ResumeKey | null
  /** Where an app asks a new operation to start. A resume record wins over it. */
  readonly after: InboxPosition | null
}

/** The answer for one identifier, as of one moment: every message after `tip` was sent to this holder. */
export interface Attached {
  readonly identifier: string
  readonly epoch: string
  readonly tip: number
  /** Deliver from the message after this offset (counted in `epoch`). */
  readonly from: number
  /** Up to this offset a message may have been written to the client before: mark it `redelivered`. 0: none. */
  readonly redeliveredThrough: number
  /** True when there was a record of an earlier session. */
  readonly resumed: boolean
  /** True when the store lost what the record or `after` knew of, or more: how many were missed cannot be known. */
  readonly mayMiss: boolean
}

/** How far one durable subscription got in one inbox. */
export interface Confirmation {
  readonly identifier: string
  readonly resume: ResumeKey
  readonly epoch: string
  /** Proven by the client. */
  readonly confirmed: number
  /** Written to its socket; ≥ confirmed. Null while the session lives on, known once it has closed. */
  readonly written: number | null
}

export interface DetachRequest {
  readonly identifier: string
  /** How many subscriptions of this replica hold the identifier still. 0: the replica is no holder any more. */
  readonly subscriptions: number
  /** The last confirmation; null where there is no record. */
  readonly confirmation: Confirmation | null
  /** The client completed the operation: drop its record. */
  readonly forget: ResumeKey | null
}

export interface HeldInbox extends InboxPosition {
  readonly identifier: string
  readonly subscriptions: number
}

/** What became of the epoch that a position was presented in. */
export interface Continuation {
  /** Through this offset that epoch is the same as the one of now; null: nothing is known of it. */
  readonly kept: number | null
  /** Somebody had more than was kept, then or since: messages may be lost that a position in that epoch never had. */
  readonly lossy: boolean
}

/** The state of an inbox after `rehold`. */
export interface InboxTip extends Continuation {
  readonly identifier: string
  readonly epoch: string
  readonly tip: number
}

export interface StoredMessage {
  readonly push: PushHeader
  readonly offset: number
}

/** Retained messages of one inbox, ascending. */
export interface InboxPage {
  readonly epoch: string
  readonly tip: number
  /** Without those whose own time has passed (`expiresAt`). */
  readonly messages: readonly StoredMessage[]
  /** All up to here was looked at: ≥ the last message's offset, `tip` when there is no more. */
  readonly through: number
  /** How many between the asked offset and the first retained one were lost to retention. */
  readonly lost: number
}

/** `lost` counts from where the position asked with stands in the epoch of now. */
export type ContinuedPage = InboxPage & Continuation

export interface ReceiptCount {
  readonly pushId: string
  readonly partition: number
  readonly sent: number
  readonly delivered: number
}

export interface ReceiptState {
  readonly pushId: string
  readonly pushedAt: number
  readonly from: string | null
  readonly identifiers: number
  readonly sent: number
  readonly delivered: number
  readonly acknowledged: number
}

export interface PresenceState {
  readonly identifier: string
  readonly subscriptions: number
  readonly replicaIds: readonly string[]
  /** When the last subscription went; null when it is online or was never seen. */
  readonly lastSeen: number | null
}

export interface BrokerLimits {
  readonly retentionSeconds: number
  readonly retentionMessages: number
  readonly resumeSeconds: number
}

export type Unwatch = () => Promise<void>

export interface Broker extends AsyncDisposable {
  /**
   * Opens the channel of this replica and begins to hand arrivals over. Once, before any `attach`; when it rejected (the
   * message says why, for the operator) it may be called again.
   */
  listen(listener: BrokerListener): Promise<void>
  /** Limits for what is stored and read from now on. */
  configure(limits: BrokerLimits): void

  /**
   * Stores a push and sends it to its holders; delayed, keeps it until it is due (`offline` is empty then, and its time
   * to live begins when it goes out). A rejection carries the push's id in `details.pushId`.
   */
  publish(push: NewPush): Promise<Published>
  /** Takes a delayed push back; its id is free again. False when it went out, were it in part, or never was. */
  cancel(pushId: string): Promise<boolean>

  /** Whether there is a record that this subscription would resume from. Changes nothing. */
  isResumable(identifier: string, resume: ResumeIdentity): Promise<boolean>
  /** Makes this replica a holder of all these identifiers and tells where one subscription stands in each, in order. */
  attach(requests: readonly AttachRequest[]): Promise<readonly Attached[]>
  /** Resolves when the holders are right again. Commands on one identifier take effect in the order of the calls. */
  detach(requests: readonly DetachRequest[]): Promise<void>
  /**
   * Says again what this replica holds (after `interrupted`, and from time to time so that nothing held expires) and
   * answers each inbox's tip. An inbox that has not all that the position given had enters a new epoch: the store lost its end.
   */
  rehold(inboxes: readonly HeldInbox[]): Promise<readonly InboxTip[]>
  /** Writes how far subscriptions got and keeps their records from expiring. Former owners are ignored. */
  confirm(confirmations: readonly Confirmation[]): Promise<void>

  /** Up to `limit` retained messages after the position, oldest first; from the first on, where its epoch is not known. */
  read(identifier: string, after: InboxPosition, limit: number): Promise<ContinuedPage>
  /** Up to `limit` retained messages before the offset (null: from the newest back), answered oldest first. */
  readBefore(identifier: string, before: InboxPosition | null, limit: number): Promise<InboxPage>

  /** Adds to the counters of pushes, in one batch. */
  countReceipts(counts: readonly ReceiptCount[]): Promise<void>
  /** `by` names who acknowledges: the same one counts once for each identifier's message. False: counted before, or no such push is known. */
  acknowledge(pushId: string, identifier: string, by: string): Promise<boolean>
  /** Null when the push is unknown or older than retention. */
  receipt(pushId: string): Promise<ReceiptState | null>
  /** Calls back after each change of the counters; once at most per batch. */
  watchReceipt(pushId: string, changed: () => void): Promise<Unwatch>

  /** In the order asked. */
  presence(identifiers: readonly string[]): Promise<readonly PresenceState[]>
  /** Calls back when the holders of one of them change. */
  watchPresence(identifiers: readonly string[], changed: (identifier: string) => void): Promise<Unwatch>
  /** The replica that held the identifier last (it may be gone); null when unknown. */
  lastReplica(identifier: string): Promise<string | null>

  /**
   * A replica's lease has ended: it holds nothing any more. Idempotent. Should it live after all, it hears `interrupted`
   * and holds again what it reholds or attaches from then on.
   */
  forgetReplica(replicaId: string): Promise<void>
  /** False while the store cannot be reached. */
  readonly available: boolean
}
