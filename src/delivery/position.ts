import type { Attached, Confirmation, Continuation } from '../broker/broker.ts'
import type { Inbox } from './inbox.ts'
import type { Message } from './message.ts'
import type { Subscription } from './subscription.ts'

/**
 * Where one subscription stands in one inbox.
 *
 *     ATTACHING ──attached──▶ BEHIND ──reached the tip──▶ LIVE
 *                               ▲                          │
 *                               └── gap, slow reader, ─────┘
 *                                   store interrupted
 *     any ──subscription ended──▶ ENDED
 *
 * ATTACHING: the broker has not answered yet. BEHIND: messages are read from the inbox, one reader per position.
 * LIVE: messages come from the channel. Whatever the state, only the message right after `offset` is ever written, so
 * order and "no repeat on a live connection" hold by construction: an older one is skipped, a later one is a gap.
 */
export type PositionState = 'ATTACHING' | 'BEHIND' | 'LIVE' | 'ENDED'

export class Position {
  readonly subscription: Subscription
  readonly inbox: Inbox
  state: PositionState = 'ATTACHING'
  /** The last message written, or passed over because it is not for this subscription any more. */
  offset = 0
  epoch = ''
  /** Messages up to here may have been written by an earlier session: marked `redelivered`. */
  redeliveredThrough = 0
  /** What the next message says of messages lost before it. */
  missed: number | null = 0
  /** After an epoch change: messages pushed up to this time were had in the old epoch. */
  hadThrough = 0
  /** The last message that the client proved to have. */
  confirmed = 0
  /** When its resume record was last written, ms; 0: there is none. */
  recordedAt = 0
  /** In the list of positions whose record is to be written. */
  listed = false
  /** Its place in `inbox.positions`. */
  index = -1
  /** Its place in `inbox.live`; -1 when it is not there. */
  liveIndex = -1

  constructor(subscription: Subscription, inbox: Inbox) {
    this.subscription = subscription
    this.inbox = inbox
  }

  /** The broker's answer: from here on every message is either below the tip or comes through the channel. */
  start(attached: Attached): void {
    this.epoch = attached.epoch
    this.offset = attached.from
    this.confirmed = attached.from
    this.redeliveredThrough = attached.redeliveredThrough
    if (attached.mayMiss) this.missed = null
    this.state = 'BEHIND'
  }

  /**
   * The inbox goes on in another epoch. `heard`: the newest message of the former one that its replica heard of.
   * `hadThrough`: when the latest message was pushed, by the store's clock.
   */
  enterEpoch(epoch: string, { kept, lossy }: Continuation, heard: number, hadThrough: number): void {
    this.epoch = epoch
    if (kept === null) {
      // Offsets count anew, and times alone say what was had.
      this.offset = 0
      this.confirmed = 0
      this.redeliveredThrough = 0
      this.missed = null
      this.hadThrough = hadThrough
      return
    }
    if (lossy || Math.max(this.offset, heard) > kept) this.missed = null
    // What was lost may be pushed again, for want of an answer.
    if (this.offset > kept) this.redeliveredThrough = Math.max(this.redeliveredThrough, this.offset)
    this.offset = Math.min(this.offset, kept)
    this.confirmed = Math.min(this.confirmed, kept)
  }

  /** Writes the message right after `offset`. `doubtful`: it may have been had in another epoch. */
  write(message: Message, doubtful = false): void {
    const offset = message.offset
    this.subscription.write(this, message, doubtful || offset <= this.redeliveredThrough, this.missed)
    this.offset = offset
    this.missed = 0
  }

  /** The client proved that it has everything up to this offset of this epoch. */
  confirm(epoch: string, offset: number): void {
    if (epoch === this.epoch && offset > this.confirmed) this.confirmed = offset
  }

  /** What is known once the session has closed: what it wrote, and what an earlier one may have written beyond that. */
  get written(): number {
    return Math.max(this.offset, this.redeliveredThrough)
  }

  confirmation(written: number | null): Confirmation | null {
    const resume = this.subscription.resume
    if (resume === null || this.epoch === '') return null
    return {
      identifier: this.inbox.identifier,
      resume,
      epoch: this.epoch,
      confirmed: this.confirmed,
      written,
    }
  }
}
