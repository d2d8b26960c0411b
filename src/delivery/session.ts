import { toBytes } from './frame.ts'
import type { Message } from './message.ts'
import type { Position } from './position.ts'
import type { ReceiptLedger, Tally } from './receipts.ts'
import type { Subscription } from './subscription.ts'

/** What delivery needs of a connection. Byte strings are those of `frame.ts`. */
export interface Transport {
  /** What stands around each result of an operation on this transport. */
  envelope(operationId: string): { before: string; after: string }
  /** Queues a byte string; everything queued in one turn of the event loop leaves in one write. */
  write(bytes: string): void
  /** Bytes queued here or in the socket. */
  readonly bufferedBytes: number
  /** Calls back once, when the socket has taken all that was queued. */
  onceDrained(callback: () => void): void
  /** Asks the client to prove that it has everything written before; answered through `Session.proved`. */
  askProof(sequence: number): void
  /** Tells whoever listens that a subscription is live from these cursors on. */
  announceLive(operationId: string, cursors: readonly string[]): void
  /** False: this transport cannot prove delivery (SSE). */
  readonly proves: boolean
  /** Ends every operation with an error and closes for good (4411). */
  disconnect(reason: string | null): void
}

const ANONYMOUS = JSON.stringify([null, null])

export interface SessionDetails {
  readonly id: string
  /** Both known once the client has said who it is. */
  subject: string | null
  /** The app's installation id, where the client gave one. */
  clientKey: string | null
  readonly remoteAddress: string | null
  readonly userAgent: string | null
  readonly connectedAt: number
}

/** One connected client, as delivery sees it: what was written to it and what it proved to have. */
export class Session {
  readonly details: SessionDetails
  readonly transport: Transport
  readonly subscriptions = new Map<string, Subscription>()
  /** Its id as JSON text. */
  readonly idJson: string
  readonly #ledger: ReceiptLedger
  readonly #maxBufferedBytes: number
  readonly #unproven: (session: Session) => void
  /** Written, not proven: position, offset, epoch, tally, … in the order of writing. */
  #written: Written[] = []
  #sequence = 0
  /** How many of `#written` the outstanding question covers; 0: none is outstanding. */
  #asked = 0
  #waiting: Set<Position> | null = null
  lastActiveAt: number
  closed = false

  /** `unproven` is called when the first write waits for a proof. */
  constructor(
    details: SessionDetails,
    transport: Transport,
    options: { ledger: ReceiptLedger; maxBufferedBytes: number; unproven: (session: Session) => void },
  ) {
    this.details = details
    this.transport = transport
    this.idJson = toBytes(JSON.stringify(details.id))
    this.#ledger = options.ledger
    this.#maxBufferedBytes = options.maxBufferedBytes
    this.#unproven = options.unproven
    this.lastActiveAt = details.connectedAt
  }

  get id(): string {
    return this.details.id
  }

  /** Who resumes, as records name it: the subject, and the installation where the client named one. */
  get resumeSubject(): string {
    const { subject, clientKey } = this.details
    return subject === null && clientKey === null ? ANONYMOUS : JSON.stringify([subject, clientKey])
  }

  /** Too much waits to be taken by the socket: nothing more is to be written now. */
  get congested(): boolean {
    return this.transport.bufferedBytes >= this.#maxBufferedBytes
  }

  get unconfirmed(): number {
    return this.#written.length
  }

  send(bytes: string, position: Position, message: Message): void {
    this.transport.write(bytes)
    const { tally } = message.push
    this.#ledger.countSent(tally)
    if (!this.transport.proves) return
    this.#written.push({ position, epoch: position.epoch, offset: message.offset, tally })
    if (this.#written.length === 1) this.#unproven(this)
  }

  /** Asks for a proof of what was written since the last one. False when nothing is to be asked now. */
  ask(): boolean {
    if (this.closed || this.#asked > 0 || this.#written.length === 0) return false
    this.#asked = this.#written.length
    this.transport.askProof(++this.#sequence)
    return true
  }

  /** The client answered a question. Answers the positions that advanced; others' and old answers count nothing. */
  proved(sequence: number): readonly Position[] {
    if (sequence !== this.#sequence || this.#asked === 0) return []
    const proven = this.#written.splice(0, this.#asked)
    this.#asked = 0
    const advanced = new Set<Position>()
    for (const { position, epoch, offset, tally } of proven) {
      position.confirm(epoch, offset)
      advanced.add(position)
      this.#ledger.countDelivered(tally)
    }
    if (this.#written.length > 0) this.#unproven(this)
    return [...advanced]
  }

  /** Keeps a position until the socket has drained; then hands all that waited to `resume`. */
  waitForDrain(position: Position, resume: (position: Position) => void): void {
    if (this.#waiting) {
      this.#waiting.add(position)
      return
    }
    this.#waiting = new Set([position])
    this.transport.onceDrained(() => {
      const waiting = this.#waiting ?? []
      this.#waiting = null
      if (!this.closed) for (const each of waiting) resume(each)
    })
  }
}

interface Written {
  readonly position: Position
  readonly epoch: string
  readonly offset: number
  readonly tally: Tally
}
