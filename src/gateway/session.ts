import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import type { ReplicaSnapshot } from '../cluster/registry.ts'
import { ERROR_CODES } from '../errors.ts'
import type { Log } from '../observability/log.ts'
import { RELAY_HEADER } from '../server/client-address.ts'
import { Client } from './client.ts'
import { type ClientMessage, parseClientMessage } from './client-message.ts'
import { endToEndHeaders, httpUrlOf } from './forwarding.ts'
import { Greeting } from './greeting.ts'
import { Home, type HomeEnd } from './home.ts'
import { HomeSearch } from './home-search.ts'
import { Operations } from './operations.ts'
import { kindOf, operationIdOf } from './replica-message.ts'
import type { Steering } from './steering.ts'

/** How a pong begins on the wire: most of what clients say. */
const PONG = Buffer.from('{"type":"pong"')
/** Closes that are the replica's matter; every other one is the client's, and reaches it as it is. */
const REHOMED: readonly number[] = [1001, 1012, 1013]
const OVERLOADED = 1013
const MAX_PINGS = 100

/** Why a session left the replica that it was settled on, as metrics name it. */
export const DEPARTURES = ['drained', 'refused', 'lost', 'stalled', 'ended'] as const
export type Departure = (typeof DEPARTURES)[number]

export interface SessionWorld {
  readonly steering: Steering
  readonly limits: {
    readonly holdSeconds: number
    readonly stallSeconds: number
    readonly idleTimeoutSeconds: number
  }
  readonly log: Log
  readonly departed: (why: Departure) => void
  readonly rehomed: (seconds: number) => void
  readonly unplaced: () => void
}

/**
 * One client, and the replica that holds it at the time: its home. The client's `connection_init` (`greeting.ts`) and its
 * live `subscribe` messages are kept; when the home goes, the next replica is told the same with the same ids, and resumes.
 *
 *     SEEKING ──turn──▶ OPENING ──upgraded──▶ GREETING ──connection_ack──▶ SETTLED
 *        ▲                 │ refused, lost       │ lost, 1012, 1013            │ lost, 1012, stalled, ended
 *        └─────────────────┴─────────────────────┴─────────────────────────────┘
 *     any ──the client leaves, or a close that is the client's own matter──▶ CLOSED
 *     SEEKING ──holdSeconds without a home──▶ CLOSED (1013)
 *
 * What the client says between homes: `subscribe` and `complete` change what is kept, pings are answered here, pongs are
 * for a replica that is gone. So nothing has to wait but what is kept anyway, and nothing said is lost.
 *
 * The file is longer than most, since every way into and out of these states has to be seen at once.
 */
export class RelayedSession {
  readonly #client: Client
  readonly #world: SessionWorld
  readonly #headers: Readonly<Record<string, string | string[]>>
  readonly #query: string
  #state: 'SEEKING' | 'OPENING' | 'GREETING' | 'SETTLED' | 'CLOSED' = 'SEEKING'
  #home: Home | null = null
  readonly #greeting = new Greeting()
  /** The client has had a `connection_ack`: every later one ends here. */
  #acknowledged = false
  readonly #operations = new Operations()
  /** Payloads of the client's pings that its home has not answered yet. */
  #pings: unknown[] = []
  readonly #search = new HomeSearch()
  /** Tells that its turn has come to something. */
  #settled: () => void = () => {}

  constructor(socket: WebSocket, stream: Duplex, request: IncomingMessage, world: SessionWorld) {
    this.#world = world
    this.#headers = { ...endToEndHeaders(request), [RELAY_HEADER]: randomUUID() }
    this.#query = new URL(request.url ?? '/', 'http://client').search
    this.#client = new Client(socket, stream, {
      said: (data, isBinary) => (isBinary ? this.#close(CLOSE_CODES.BINARY) : this.#said(data)),
      ponged: (payload) => this.#home?.pong(payload),
      congested: () => this.#home?.pause(),
      drained: () => this.#home?.resume(),
      gone: () => this.#gone(),
    })
    this.#seek()
  }

  get open(): boolean {
    return this.#client.open
  }

  /** It is without a home that serves it. */
  get held(): boolean {
    return this.#search.waiting
  }

  get replicaId(): string | null {
    return this.#home?.replicaId ?? null
  }

  /** What the client still proves is passed on until it has closed as well. */
  close(code: number, reason: string): void {
    this.#client.close(code, reason)
    if (!this.#home) this.#gone()
  }

  /** The lease of its replica has ended. Alone, a replica that cannot reach the store is better than none. */
  ended(): void {
    if (this.#home && this.#world.steering.choose(new Set([this.#home.replicaId]))) this.#forsake('ended')
  }

  /** Looks for what takes too long. `late`: so does this process itself, so that no replica is to blame. */
  sweep(now: number, late: boolean): void {
    const { holdSeconds, stallSeconds, idleTimeoutSeconds } = this.#world.limits
    const client = this.#client
    if (!client.open) return
    if (
      client.congestedSince !== null &&
      now - Math.max(client.congestedSince, client.heardAt) >= idleTimeoutSeconds * 1_000
    ) {
      return void client.terminate()
    }
    if (this.#search.isOver(now, holdSeconds)) {
      this.#world.unplaced()
      return void this.#close(CLOSE_CODES.NO_REPLICA)
    }
    if (this.#search.isDue(now)) return void this.#seek()
    const home = this.#home
    if (!home || home.paused) return
    if (late) home.heardAt = now
    const silentMs = now - home.heardAt
    if (silentMs >= stallSeconds * 1_000) this.#forsake('stalled')
    else if (silentMs >= stallSeconds * 500 && home.askedAt === null) home.ask()
  }

  /** Its turn to open a connection. */
  turn(settled: () => void): void {
    this.#settled = settled
    if (!this.open) return void this.#gone()
    const replica = this.#world.steering.choose(this.#search.passed)
    if (replica) return void this.#move(replica)
    // All were asked, or none is there: from the beginning, a little later.
    this.#search.foundNone()
    settled()
  }

  #seek(): void {
    this.#state = 'SEEKING'
    this.#search.goOn()
    this.#world.steering.enter(this)
  }

  #move(replica: ReplicaSnapshot): void {
    this.#state = 'OPENING'
    const url = httpUrlOf(replica)
    url.search = this.#query
    this.#home = new Home(
      { replicaId: replica.id, url, headers: this.#headers },
      {
        opened: () => this.#greet(),
        text: (bytes, start, end) => this.#heard(bytes, start, end),
        pass: (bytes) => this.#client.pass(bytes),
        drained: () => this.#client.resume(),
        ended: (end) => this.#homeEnded(replica.id, end),
      },
    )
  }

  #greet(): void {
    this.#state = 'GREETING'
    // Whoever has not said who it is has the time that the replica gives it: others do not wait for that.
    const { text } = this.#greeting
    if (text === null) this.#settled()
    else this.#home?.send(text)
  }

  /** A message of the home. Answers whether the client is to have it. */
  #heard(bytes: Buffer, start: number, end: number): boolean {
    const kind = kindOf(bytes, start, end)
    if (kind === 'connection_ack') return this.#settle()
    if (kind === 'pong') this.#pings.shift()
    const ends = kind === 'complete' || kind === 'error'
    if (ends || (kind === 'next' && this.#greeting.renewing)) {
      const id = operationIdOf(bytes, start, end)
      if (id !== null) {
        if (this.#greeting.renewing) this.#greeting.answered(id, bytes.toString('utf8', start, end))
        if (ends) this.#operations.end(id)
      }
    }
    return true
  }

  #settle(): boolean {
    this.#state = 'SETTLED'
    const seconds = this.#search.settled()
    if (this.#acknowledged) this.#world.rehomed(seconds)
    this.#settled()
    for (const { message } of this.#operations.takeUnsent()) this.#home?.send(message)
    if (this.#client.congestedSince !== null) this.#home?.pause()
    const first = !this.#acknowledged
    this.#acknowledged = true
    return first
  }

  #homeEnded(replicaId: string, end: HomeEnd): void {
    const { log, steering } = this.#world
    log.debug({ replicaId, end }, 'a session lost its replica')
    this.#home = null
    if (end.kind === 'closed' && end.code !== null && !REHOMED.includes(end.code)) {
      this.#settled()
      return void this.close(end.code, end.reason)
    }
    if (end.kind === 'refused' && [401, 403].includes(end.status)) {
      this.#settled()
      return void this.#close(CLOSE_CODES.FORBIDDEN)
    }
    if (end.kind === 'lost' && !end.reached) steering.unreachable(replicaId)
    if (end.kind !== 'closed') this.#homeless(replicaId, 'lost')
    else this.#homeless(replicaId, end.code === OVERLOADED ? 'refused' : 'drained')
  }

  #forsake(why: Departure): void {
    const home = this.#home
    if (!home) return
    home.abandon()
    this.#home = null
    if (this.#state !== 'SETTLED') this.#world.steering.unreachable(home.replicaId)
    this.#homeless(home.replicaId, why)
  }

  #homeless(replicaId: string, why: Departure): void {
    this.#settled()
    if (!this.open) return void this.#gone()
    if (this.#state === 'SETTLED') {
      this.#world.departed(why)
      this.#search.left(why === 'refused')
    }
    this.#search.passOver(replicaId)
    for (const id of this.#operations.interrupt()) {
      this.#greeting.ended(id)
      this.#client.tell(errorOf(id, 'OUTCOME_UNKNOWN'))
    }
    for (const payload of this.#pings.splice(0)) this.#answer(payload)
    // It may have been paused for the sake of the home that is gone.
    if (this.#client.congestedSince === null) this.#client.resume()
    this.#seek()
  }

  #said(data: Buffer): void {
    const home = this.#home?.open ? this.#home : null
    // A home reads its pongs itself; without one, what only begins like one would go unread.
    const message = home && data.subarray(0, PONG.length).equals(PONG) ? 'pong' : parseClientMessage(data)
    if (message === 'pong') home?.send(data)
    else if (message) this.#understood(message, home)
    // The replica says what is wrong with it; without one, the protocol's code is all there is to say.
    else if (home) home.send(data)
    else this.#close(CLOSE_CODES.BAD_REQUEST)
    if (home?.congested) this.#client.pause()
  }

  #understood(message: ClientMessage, home: Home | null): void {
    const { type, text } = message
    const settled = this.#state === 'SETTLED'
    switch (type) {
      case 'connection_init':
        if (this.#greeting.text !== null) return void this.#close(CLOSE_CODES.DUPLICATE_INIT)
        this.#greeting.said(text)
        home?.send(text)
        return
      case 'subscribe': {
        const { id } = message
        if (!this.#acknowledged) return void this.#close(CLOSE_CODES.UNAUTHORIZED)
        if (this.#operations.has(id)) return void this.#close(CLOSE_CODES.DUPLICATE_ID)
        if (!this.#operations.keep(id, text, settled)) {
          return void this.#client.tell(errorOf(id, 'PAYLOAD_TOO_LARGE'))
        }
        this.#greeting.asked(id, text)
        if (settled) home?.send(text)
        return
      }
      case 'complete':
        this.#greeting.ended(message.id)
        this.#operations.end(message.id)
        if (settled) home?.send(text)
        return
      case 'ping':
        if (!home || this.#pings.length >= MAX_PINGS) return void this.#answer(message.payload)
        this.#pings.push(message.payload)
        home.send(text)
        return
      case 'pong':
        home?.send(text)
    }
  }

  #answer(payload: unknown): void {
    this.#client.tell(payload === undefined ? { type: 'pong' } : { type: 'pong', payload })
  }

  #close({ code, reason }: CloseCode): void {
    this.close(code, reason)
  }

  #gone(): void {
    this.#settled()
    if (this.#state === 'CLOSED') return
    this.#state = 'CLOSED'
    this.#search.goOn()
    this.#home?.leave(1000)
    this.#home = null
  }
}

/** The end of one operation, by its error; the session and all else on it live on. */
function errorOf(id: string, code: 'OUTCOME_UNKNOWN' | 'PAYLOAD_TOO_LARGE'): object {
  return { id, type: 'error', payload: [{ message: ERROR_CODES[code], extensions: { code } }] }
}
