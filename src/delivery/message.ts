import type { PushHeader, Trigger } from '../broker/broker.ts'
import { toBytes } from './frame.ts'
import type { Route } from './passages.ts'
import type { Stamps } from './plan.ts'
import type { ReceiptLedger, Tally } from './receipts.ts'

/** A push as this replica holds it for a moment: what its messages share. JSON texts as byte strings. */
export class Push {
  readonly header: PushHeader
  readonly tally: Tally
  /** Null: it is not traced, or was read from the inbox. */
  readonly route: Route | null
  readonly id: string
  readonly payload: string
  readonly from: string
  readonly pushedAt: string
  readonly expiresAt: string

  constructor(header: PushHeader, ledger: ReceiptLedger, route: Route | null = null) {
    this.header = header
    this.route = route
    this.tally = ledger.tally(header)
    this.id = toBytes(JSON.stringify(header.id))
    this.payload = toBytes(header.payload)
    this.from = header.from === null ? 'null' : toBytes(JSON.stringify(header.from))
    this.pushedAt = dateJson(header.pushedAt)
    this.expiresAt = header.expiresAt === null ? 'null' : dateJson(header.expiresAt)
  }
}

/** One message as an inbox hands it to its subscriptions; also the stamps of its plans. */
export class Message implements Stamps {
  readonly push: Push
  readonly offset: number
  readonly identifier: string
  readonly cursor: string

  constructor(push: Push, identifierJson: string, cursorPrefix: string, epoch: string, offset: number) {
    this.push = push
    this.offset = offset
    this.identifier = identifierJson
    this.cursor = `"${cursorPrefix}${epoch}.${offset}"`
  }

  get id(): string {
    return this.push.id
  }

  get payload(): string {
    return this.push.payload
  }

  get from(): string {
    return this.push.from
  }

  get trigger(): Trigger {
    return this.push.header.trigger
  }

  get pushedAt(): string {
    return this.push.pushedAt
  }

  get expiresAt(): string {
    return this.push.expiresAt
  }
}

function dateJson(ms: number): string {
  return `"${new Date(ms).toISOString()}"`
}
