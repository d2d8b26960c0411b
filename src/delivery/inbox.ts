import { cursorPrefix } from '../broker/cursor.ts'
import { toBytes } from './frame.ts'
import { Message, type Push } from './message.ts'
import type { Position } from './position.ts'

/** What is told when a position can no longer be served from the channel. */
export interface InboxEvents {
  behind(position: Position): void
}

/**
 * One identifier as this replica holds it: its epoch and tip as last heard of, and the positions of its subscriptions.
 */
export class Inbox {
  readonly identifier: string
  readonly #identifierJson: string
  readonly #cursorPrefix: string
  /** Empty until the broker first answered. */
  epoch = ''
  /** The newest offset heard of; what positions that are BEHIND aim at. */
  tip = 0
  #formerEpoch = ''
  #formerTip = 0
  /** The latest `pushedAt` seen, by the store's clock; 0: none. */
  lastPushedAt = 0
  /** Every position, whatever its state. */
  positions: Position[] = []
  live: Position[] = []

  constructor(identifier: string) {
    this.identifier = identifier
    this.#identifierJson = toBytes(JSON.stringify(identifier))
    this.#cursorPrefix = cursorPrefix(identifier)
  }

  message(push: Push, epoch: string, offset: number): Message {
    return new Message(push, this.#identifierJson, this.#cursorPrefix, epoch, offset)
  }

  cursor(position: Position): string {
    return `${this.#cursorPrefix}${position.epoch}.${position.offset}`
  }

  /** A stored message from the channel: to every live position that waits for exactly this one. */
  arrive(push: Push, epoch: string, offset: number, events: InboxEvents): void {
    if (epoch !== this.epoch) this.enterEpoch(epoch, events)
    if (offset > this.tip) this.tip = offset
    const pushedAt = push.header.pushedAt
    if (pushedAt > this.lastPushedAt) this.lastPushedAt = pushedAt
    const live = this.live
    if (live.length === 0) return
    const message = this.message(push, epoch, offset)
    // From the end: a position that leaves is replaced by the last one, which was served already.
    for (let index = live.length - 1; index >= 0; index--) {
      const position = live[index] as Position
      if (offset === position.offset + 1) {
        if (position.subscription.session.congested) this.leave(position, events)
        else position.write(message)
      } else if (offset > position.offset) {
        this.leave(position, events)
      }
    }
  }

  /** A message that is not stored: to the live positions that have room for it, and to nobody else. */
  arriveEphemeral(push: Push, epoch: string, offset: number): void {
    if (this.live.length === 0) return
    const message = this.message(push, epoch, offset)
    for (const position of this.live) {
      if (!position.subscription.session.congested) position.subscription.write(position, message, false, 0)
    }
  }

  /** The newest offset heard of in that epoch, as far as it is remembered. */
  heardIn(epoch: string): number {
    if (epoch === this.epoch) return this.tip
    return epoch === this.#formerEpoch ? this.#formerTip : 0
  }

  /** The store goes on in another epoch than we knew: positions of another one find by reading where they stand in it. */
  enterEpoch(epoch: string, events: InboxEvents): void {
    const known = this.epoch !== ''
    this.#formerEpoch = this.epoch
    this.#formerTip = this.tip
    this.epoch = epoch
    this.tip = 0
    if (!known) return
    for (const position of [...this.live]) if (position.epoch !== epoch) this.leave(position, events)
  }

  goLive(position: Position): void {
    position.state = 'LIVE'
    position.hadThrough = 0
    position.liveIndex = this.live.length
    if (this.live.length === 0) this.live = [position]
    else this.live.push(position)
  }

  /** Off the live path: the position reads on from the inbox. */
  leave(position: Position, events: InboxEvents): void {
    this.#unlist(position)
    position.state = 'BEHIND'
    events.behind(position)
  }

  add(position: Position): void {
    position.index = this.positions.length
    // Most inboxes have one position for ever; an empty array that is pushed to would make room for 17.
    if (this.positions.length === 0) this.positions = [position]
    else this.positions.push(position)
  }

  end(position: Position): void {
    this.#unlist(position)
    position.state = 'ENDED'
    const last = this.positions.pop() as Position
    if (last === position) return
    this.positions[position.index] = last
    last.index = position.index
  }

  #unlist(position: Position): void {
    const index = position.liveIndex
    if (index < 0) return
    const last = this.live.pop() as Position
    if (last !== position) {
      this.live[index] = last
      last.liveIndex = index
    }
    position.liveIndex = -1
  }
}
