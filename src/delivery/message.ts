import type { PushHeader } from '../broker/broker.ts'
import { toBytes } from './frame.ts'
import type { Stamps } from './plan.ts'
import type { ReceiptLedger, Tally } from './receipts.ts'

/** A push as this replica holds it for a moment: what its messages share. */
export class Push {
  readonly header: PushHeader
  readonly tally: Tally
  readonly payload: string

  constructor(header: PushHeader, ledger: ReceiptLedger) {
    this.header = header
    this.tally = ledger.tally(header)
    this.payload = toBytes(header.payload)
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

  get payload(): string {
    return this.push.payload
  }
}
