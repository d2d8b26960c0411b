import { toBytes } from './frame.ts'
import type { Message } from './message.ts'
import type { Passages } from './passages.ts'
import type { Position } from './position.ts'
import type { Proofs } from './proofs.ts'
import type { ReceiptLedger, Tally } from './receipts.ts'
import type { Subscription } from './subscription.ts'
import type { Ending } from './watcher.ts'

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
  /** Who is told right before what is queued leaves; what it writes then goes in the same write. */
  writer: Writer | null
  /** Tells whoever listens that a subscription is live from these cursors on. */
  announceLive(operationId: string, cursors: readonly string[]): void
  /** False: this transport cannot prove delivery (SSE). */
  readonly proves: boolean
  /** How this side has closed it; null or nothing while it has not. */
  readonly closing?: Ending | null
  /** Ends every operation with an error and closes for good (4411). */
  disconnect(reason: string | null): void
}

export interface Writer {
  leaving(): void
}

/** What all sessions of a hub share. */
export interface SessionSurroundings {
  readonly ledger: ReceiptLedger
  readonly proofs: Proofs
  readonly passages: Passages
  readonly maxBufferedBytes: number
}

/** Past so many, the oldest are not counted as delivered any more; a later proof covers their offsets all the same. */
const MAX_UNPROVEN = 16_384
const ASK_AGAIN_MS = 1_000 // 1 second
const MAX_QUESTIONS = 8
const NO_QUESTIONS: readonly Question[] = []

export interface SessionDetails {
  readonly id: string
  /** Both known once the client has said who it is. */
  subject: string | null
  /** The app's installation id, where the client gave one. */
  clientKey: string | null
  /** What a gateway calls this session at each of its homes; null where none stands before us. */
  readonly relayId: string | null
  readonly remoteAddress: string | null
  readonly userAgent: string | null
  readonly connectedAt: number
}

/** One connected client, as delivery sees it: what was written to it and what it proved to have. */
export class Session implements Writer {
  readonly details: SessionDetails
  readonly transport: Transport
  readonly subscriptions = new Map<string, Subscription>()
  /** Its id as JSON text. */
  readonly idJson: string
  readonly #surroundings: SessionSurroundings
  /** Written, not proven, in the order of writing. */
  #written: Written[] = []
  /** In the list of those whose proof is awaited. */
  #awaited = false
  /** How many were taken off the front of `#written` so far. */
  #settled = 0
  /** What the last question covers: everything written before this one, counted from the session's beginning. */
  #askedThrough = 0
  #askedAt = 0
  #sequence = 0
  /** Questions that are not answered yet, oldest first. */
  #questions: readonly Question[] = NO_QUESTIONS
  #waiting: Set<Position> | null = null
  lastActiveAt: number
  closed = false

  constructor(details: SessionDetails, transport: Transport, surroundings: SessionSurroundings) {
    this.details = details
    this.transport = transport
    this.idJson = toBytes(JSON.stringify(details.id))
    this.#surroundings = surroundings
    this.lastActiveAt = details.connectedAt
    if (transport.proves) transport.writer = this
  }

  get id(): string {
    return this.details.id
  }

  /** Too much waits to be taken by the socket: nothing more is to be written now. */
  get congested(): boolean {
    return this.transport.bufferedBytes >= this.#surroundings.maxBufferedBytes
  }

  get unconfirmed(): number {
    return this.#written.length
  }

  send(bytes: string, position: Position, message: Message): void {
    this.transport.write(bytes)
    const { tally, route } = message.push
    if (route !== null) route.queued(this, this.transport.proves)
    const { ledger, proofs } = this.#surroundings
    ledger.countSent(tally)
    if (!this.transport.proves) return
    this.#written.push({ position, epoch: position.epoch, offset: message.offset, tally })
    if (this.#written.length > MAX_UNPROVEN) this.#settle(MAX_UNPROVEN / 2)
    if (this.#awaited) return
    this.#awaited = true
    proofs.await(this)
  }

  countRedelivered(): void {
    this.#surroundings.ledger.redelivered++
  }

  /** What is queued leaves now: a question, where one is due, goes with it. */
  leaving(): void {
    const { passages } = this.#surroundings
    if (passages.some) passages.left(this)
    if (this.#askedThrough >= this.#settled + this.#written.length) return
    const now = Date.now()
    if (now - this.#askedAt >= this.#surroundings.proofs.intervalMs) this.#ask(now)
  }

  /**
   * Asks for a proof of what no question covers yet, if the last one was asked before then; or again for what was not
   * answered. False when nothing waits for a proof, now and until the next write.
   */
  review(now: number, askedBefore: number): boolean {
    this.#awaited = !this.closed && this.#written.length > 0
    if (!this.#awaited) return false
    if (this.#askedAt <= askedBefore) this.#ask(now)
    return true
  }

  /**
   * A question that is not answered is asked again after `ASK_AGAIN_MS`, not before: the client may not understand the way
   * of asking, or be slow. Any answer that comes counts.
   */
  #ask(now: number): void {
    if (this.#questions.length > 0 && now - this.#askedAt < ASK_AGAIN_MS) return
    const question = { sequence: ++this.#sequence, askedAt: now, end: this.#settled + this.#written.length }
    this.#askedAt = now
    this.#askedThrough = question.end
    this.#questions = [...this.#questions.slice(1 - MAX_QUESTIONS), question]
    this.transport.askProof(question.sequence)
  }

  /** The client answered a question. Answers the positions that advanced; answers to no question count nothing. */
  proved(sequence: number): readonly Position[] {
    const index = this.#questions.findIndex((question) => question.sequence === sequence)
    const question = this.#questions[index]
    if (!question) return []
    this.#questions = index === this.#questions.length - 1 ? NO_QUESTIONS : this.#questions.slice(index + 1)
    const advanced = new Set<Position>()
    const { ledger } = this.#surroundings
    const roundTripMs = Math.max(0, Date.now() - question.askedAt)
    const connectedAt = this.details.connectedAt + ledger.clockAheadMs
    for (const { position, epoch, offset, tally } of this.#settle(question.end - this.#settled)) {
      position.confirm(epoch, offset)
      advanced.add(position)
      ledger.countDelivered(tally)
      const latencyMs = tally.underWayMs + roundTripMs
      // What was pushed while the client was away says nothing about how fast we are.
      if (tally.pushedAt >= connectedAt) ledger.latencyMs.add(latencyMs)
      if (tally.watched) this.#tell(tally, position, latencyMs)
    }
    return [...advanced]
  }

  #tell({ pushId }: Tally, { inbox }: Position, latencyMs: number): void {
    this.#surroundings.ledger.watcher.delivered({
      pushId,
      session: this,
      identifier: inbox.identifier,
      latencyMs,
    })
  }

  #settle(count: number): readonly Written[] {
    if (count <= 0) return []
    this.#settled += count
    return this.#written.splice(0, count)
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

interface Question {
  readonly sequence: number
  readonly askedAt: number
  /** Covers everything written before this one, counted from the session's beginning. */
  readonly end: number
}

interface Written {
  readonly position: Position
  readonly epoch: string
  readonly offset: number
  readonly tally: Tally
}
