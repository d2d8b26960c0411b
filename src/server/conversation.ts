import { type Message, MessageType, parseMessage } from 'graphql-ws'
import type { Access } from '../access/access.ts'
import type { Expiries } from '../access/expiries.ts'
import { EVERYBODY, type Principal } from '../access/principal.ts'
import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import type { Config } from '../config.ts'
import { toBytes } from '../delivery/frame.ts'
import type { Session } from '../delivery/session.ts'
import type { OperationParams } from '../graphql/operation-runner.ts'
import { toPublicError } from '../graphql/plugins/errors.ts'
import type { Trial } from '../graphql/trial.ts'
import type { SocketListener } from './client-socket.ts'
import type { Connection, Speaker } from './connection.ts'
import { Intake, type Source } from './intake.ts'
import type { Occupancy } from './occupancy.ts'
import { Operation, type OperationServices, type OperationSurroundings } from './operation.ts'
import { AccessOfSession, type Guardian, isUnavailable } from './session-access.ts'
import type { Sweep } from './sweep.ts'
import type { Welcome } from './welcome.ts'

const MAX_CLIENT_KEY_BYTES = 128
/** Queries and mutations that one session may have under way: more are not read yet. */
const MAX_UNDER_WAY = 1_024
/** How a proof begins on the wire: looked at before anything parses the message. */
const PROOF = '{"type":"pong","payload":{"ack":'

type ConnectionParams = Readonly<Record<string, unknown>>

/** What all conversations of a replica share. */
export interface ConversationServices extends OperationServices {
  readonly config: OperationServices['config'] &
    Pick<
      Config,
      'maxMessagesPerSecond' | 'maxBufferedBytes' | 'maxConnectionsPerAddress' | 'maxConnectionsPerSubject'
    >
  readonly access: Access
  /** Of sessions whose token ends, or whose key may be withdrawn. */
  readonly expiries: Expiries
  readonly sweep: Sweep
  /** The open ones; those that close leave it. */
  readonly connections: Set<Connection>
  /** Connections by address, and sessions by subject. */
  readonly occupancy: { readonly addresses: Occupancy; readonly subjects: Occupancy }
  /** What a client is told when it is in. */
  readonly welcome: (sessionId: string) => Welcome
}

/**
 * The server's side of graphql-transport-ws on one socket, as PROTOCOL.md of graphql-ws has it.
 *
 *     OPEN ──connection_init──▶ INITIALISING ──its credentials count──▶ ACKNOWLEDGED
 *     any ──the socket closes──▶ CLOSED
 *
 * One object and no closures, since thousands of them wait for hours: graphql-ws's own server costs each idle
 * subscription twice as much (docs/performance.md). Its messages are validated by graphql-ws.
 */
export class Conversation implements SocketListener, OperationSurroundings, Speaker, Guardian, Source {
  readonly services: ConversationServices
  readonly session: Session
  readonly connection: Connection
  readonly access: AccessOfSession
  readonly trial: Trial | null
  readonly #intake = new Intake(this)
  #state: 'OPEN' | 'INITIALISING' | 'ACKNOWLEDGED' | 'CLOSED' = 'OPEN'
  /** Those that the hub does not deliver, or not yet; null: none. */
  #operations: Map<string, Operation> | null = null
  heartbeatAt = 0
  closingAt = 0

  constructor(services: ConversationServices, session: Session, connection: Connection, trial: Trial | null) {
    this.services = services
    this.session = session
    this.connection = connection
    this.trial = trial
    this.access = new AccessOfSession(services.access, this)
    connection.speaker = this
    services.connections.add(connection)
    services.sweep.watch(this)
  }

  get initialised(): boolean {
    return this.#state !== 'OPEN'
  }

  get subscriptions(): number {
    let count = this.session.subscriptions.size
    for (const { subscribes, delivery } of this.#operations?.values() ?? []) {
      if (subscribes && !delivery) count++
    }
    return count
  }

  get busy(): boolean {
    const { maxSubscriptionsPerSession, maxBufferedBytes } = this.services.config
    const underWay = this.#operations?.size ?? 0
    return (
      underWay > MAX_UNDER_WAY + maxSubscriptionsPerSession ||
      // The hub writes no more past once as much.
      this.connection.bufferedBytes > 2 * maxBufferedBytes
    )
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#heard()
    if (isBinary) return void this.#close(CLOSE_CODES.BINARY)
    const text = data.toString()
    if (text.startsWith(PROOF) && this.#proved(text)) return
    // What comes after we have closed would begin what nothing ends.
    if (!this.connection.open) return
    const message = parse(text)
    if (!message) return void this.#close(CLOSE_CODES.BAD_REQUEST)
    try {
      this.#handle(message)
    } catch (error) {
      this.services.log.error({ err: error, sessionId: this.session.id }, 'message could not be handled')
      this.#close(CLOSE_CODES.INTERNAL)
    }
  }

  pinged(data: Buffer): void {
    this.#heard()
    this.connection.pong(data)
  }

  ponged(data: Buffer): void {
    this.#heard()
    this.#confirm(this.connection.socketPonged(data.toString()))
  }

  failed(error: Error): void {
    this.services.log.debug({ err: error }, 'socket failed')
  }

  closed(code: number, reason: Buffer): void {
    const { hub, sweep, connections, expiries, occupancy, log } = this.services
    const { remoteAddress, subject } = this.session.details
    if (remoteAddress !== null) occupancy.addresses.leave(remoteAddress)
    if (this.#state === 'ACKNOWLEDGED' && subject !== null) occupancy.subjects.leave(subject)
    this.#state = 'CLOSED'
    this.#intake.end()
    this.trial?.end()
    connections.delete(this.connection)
    sweep.unwatch(this)
    expiries.unwatch(this.access)
    // The session first: what ends with its socket stays resumable, what its client completes does not.
    hub.close(this.session, { code, reason: reason.toString() }).catch((error: unknown) => {
      log.error({ err: error, sessionId: this.session.id }, 'session did not close well')
    })
    for (const operation of this.#operations?.values() ?? []) operation.end()
  }

  send(message: object): void {
    if (this.connection.open) this.connection.write(toBytes(JSON.stringify(message)))
  }

  operationIds(): ReadonlySet<string> {
    // One that the hub has begun to deliver may be among both for a moment.
    return new Set([...this.session.subscriptions.keys(), ...(this.#operations?.keys() ?? [])])
  }

  isUnderWay(operationId: string): boolean {
    return this.session.subscriptions.has(operationId) || this.#operations?.has(operationId) === true
  }

  endOperation(id: string, error: unknown): void {
    this.send({ id, type: MessageType.Error, payload: [toPublicError(error, this.services.log)] })
    // As if its client had completed it: its record is dropped.
    this.#complete(id)
  }

  expired(reason: string): void {
    this.connection.close(CLOSE_CODES.FORBIDDEN.code, reason)
  }

  #heard(): void {
    const now = Date.now()
    this.session.lastActiveAt = now
    this.#intake.take(now, this.services.config.maxMessagesPerSecond)
  }

  #handle(message: Message): void {
    switch (message.type) {
      case MessageType.ConnectionInit:
        this.#initialise(message.payload ?? {})
        break
      case MessageType.Ping:
        this.send({ type: MessageType.Pong, payload: message.payload ?? undefined })
        break
      case MessageType.Pong:
        this.#confirm(this.connection.ponged(message.payload))
        break
      case MessageType.Subscribe:
        this.#subscribe(message.id, message.payload)
        break
      case MessageType.Complete:
        this.#complete(message.id)
        break
      default:
        // Well-formed, but only servers send it.
        this.#close(CLOSE_CODES.BAD_REQUEST)
    }
  }

  #initialise(params: ConnectionParams): void {
    if (this.initialised) return void this.#close(CLOSE_CODES.DUPLICATE_INIT)
    this.#state = 'INITIALISING'
    const { access, log } = this.services
    if (!access.enabled) return void this.#admit(params, EVERYBODY)
    access.ofConnectionParams(params).then(
      (principal) => this.#admit(params, principal),
      (error: unknown) => {
        const { code } = isUnavailable(error) ? CLOSE_CODES.OVER_CAPACITY : CLOSE_CODES.FORBIDDEN
        this.connection.close(code, toPublicError(error, log).message)
      },
    )
  }

  #admit({ clientKey }: ConnectionParams, principal: Principal): void {
    // It may have gone while its credentials were looked at.
    if (!this.connection.open || this.#state === 'CLOSED') return
    if (clientKey !== undefined) {
      if (!isClientKey(clientKey)) {
        const reason = `connectionParams.clientKey must be a string of 1 to ${MAX_CLIENT_KEY_BYTES} bytes`
        return void this.connection.close(CLOSE_CODES.BAD_REQUEST.code, reason)
      }
      this.session.details.clientKey = clientKey
    }
    const { occupancy, config } = this.services
    const { subject } = principal
    if (subject !== null && !occupancy.subjects.enter(subject, config.maxConnectionsPerSubject)) {
      return void this.#close(CLOSE_CODES.TOO_MANY_OF_SUBJECT)
    }
    this.access.principal = principal
    this.session.details.subject = subject
    if (this.services.access.enabled) this.services.expiries.watch(this.access)
    this.#state = 'ACKNOWLEDGED'
    this.send({ type: MessageType.ConnectionAck, payload: this.services.welcome(this.session.id) })
  }

  #subscribe(operationId: string, params: OperationParams): void {
    if (this.#state !== 'ACKNOWLEDGED') return void this.#close(CLOSE_CODES.UNAUTHORIZED)
    if (this.isUnderWay(operationId)) {
      return void this.connection.close(
        CLOSE_CODES.DUPLICATE_ID.code,
        `Subscriber for ${operationId} already exists`,
      )
    }
    this.access.begins(operationId)
    const operation = new Operation(operationId, this)
    this.#operations ??= new Map()
    this.#operations.set(operationId, operation)
    void operation.run(params).then(() => this.#release(operation))
  }

  /** By its client, or as if. One that is not, or not any more, is of no account. */
  #complete(operationId: string): void {
    const operation = this.#operations?.get(operationId)
    if (operation) {
      operation.end()
      return void this.#release(operation)
    }
    const subscription = this.session.subscriptions.get(operationId)
    if (subscription) void this.services.hub.unsubscribe(subscription, true)
  }

  /** Its id may be another one's by now. */
  #release(operation: Operation): void {
    if (this.#operations?.get(operation.operationId) !== operation) return
    this.#operations.delete(operation.operationId)
    if (this.#operations.size === 0) this.#operations = null
  }

  #proved(text: string): boolean {
    try {
      this.#confirm(this.connection.ponged((JSON.parse(text) as { payload?: unknown }).payload))
      return true
    } catch {
      // Not JSON after all.
      return false
    }
  }

  #confirm(sequence: number | null): void {
    if (sequence !== null) this.services.hub.proved(this.session, sequence)
  }

  #close({ code, reason }: CloseCode): void {
    this.connection.close(code, reason)
  }
}

/** Null: it is none. */
function parse(text: string): Message | null {
  try {
    return parseMessage(text)
  } catch {
    return null
  }
}

function isClientKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_CLIENT_KEY_BYTES
}
