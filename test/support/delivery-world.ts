import { setImmediate as turn } from 'node:timers/promises'
import { parse } from 'graphql'
import type { Broker, BrokerListener } from '../../src/broker/broker.ts'
import { fromBytes } from '../../src/delivery/frame.ts'
import { Hub } from '../../src/delivery/hub.ts'
import type { Session, Transport, Writer } from '../../src/delivery/session.ts'
import type { Subscription } from '../../src/delivery/subscription.ts'
import { createSchema } from '../../src/graphql/schema.ts'

const schema = createSchema()
const document = parse(`subscription M($identifiers: [ID!]!) {
  messages(identifiers: $identifiers) { id identifier payload cursor redelivered missed sessionId }
}`)

/** A message as a client received it. */
export interface Received {
  readonly id: string
  readonly identifier: string
  readonly payload: unknown
  readonly cursor: string
  readonly redelivered: boolean
  readonly missed: number | null
  readonly sessionId: string
}

/** A client's end of a connection, in this process: takes frames while it has room, and proves them when told to. */
export class ClientConnection implements Transport {
  readonly proves = true
  writer: Writer | null = null
  readonly received: { operationId: string; message: Received }[] = []
  readonly live = new Set<string>()
  /** A client that stops reading: what is written stays buffered. */
  stalled = false
  #buffered: string[] = []
  #bufferedBytes = 0
  #drained: (() => void)[] = []
  /** The question that the client has read, in order with the messages before it. */
  asked: number | null = null

  envelope(operationId: string) {
    return { before: `{"id":${JSON.stringify(operationId)},"payload":`, after: '}' }
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  write(bytes: string): void {
    if (this.stalled) {
      this.#buffered.push(bytes)
      this.#bufferedBytes += bytes.length
    } else this.#read(bytes)
  }

  askProof(sequence: number): void {
    this.write(`{"ask":${sequence}}`)
  }

  announceLive(operationId: string): void {
    this.live.add(operationId)
  }

  onceDrained(callback: () => void): void {
    if (this.#bufferedBytes === 0) queueMicrotask(callback)
    else this.#drained.push(callback)
  }

  disconnect(): void {
    throw new Error('nobody disconnects here')
  }

  resumeReading(): void {
    this.stalled = false
    for (const bytes of this.#buffered.splice(0)) this.#read(bytes)
    this.#bufferedBytes = 0
    for (const callback of this.#drained.splice(0)) callback()
  }

  #read(bytes: string): void {
    const frame = JSON.parse(fromBytes(bytes)) as {
      ask?: number
      id: string
      payload: { data: { messages: Received } }
    }
    if (frame.ask !== undefined) this.asked = frame.ask
    else this.received.push({ operationId: frame.id, message: frame.payload.data.messages })
  }
}

/** A hub on its broker, whose channel can be cut: what arrives meanwhile is lost, as on a broken connection. */
export class TestReplica {
  readonly hub: Hub
  readonly broker: Broker
  #cut = false

  private constructor(broker: Broker, resumeSeconds: number, maxBufferedBytes: number) {
    this.broker = broker
    this.hub = new Hub(broker, { maxBufferedBytes, resumeSeconds })
  }

  static async start(broker: Broker, resumeSeconds = 3600, maxBufferedBytes = 2_000): Promise<TestReplica> {
    const replica = new TestReplica(broker, resumeSeconds, maxBufferedBytes)
    const listener: BrokerListener = {
      arrived: (arrival) => {
        if (!replica.#cut) replica.hub.arrived(arrival)
      },
      interrupted: () => replica.hub.interrupted(),
    }
    await broker.listen(listener)
    return replica
  }

  cutChannel(): void {
    this.#cut = true
  }

  restoreChannel(): void {
    if (!this.#cut) return
    this.#cut = false
    this.hub.interrupted()
  }
}

let sessions = 0

/** One client with its operations: the ids stay, the connections come and go. */
export class TestClient {
  readonly operations = new Map<string, readonly string[]>()
  readonly received = new Map<string, Received[]>()
  connection: ClientConnection | null = null
  session: Session | null = null
  replica: TestReplica | null = null
  readonly #subscriptions = new Map<string, Subscription>()

  connect(replica: TestReplica): void {
    this.replica = replica
    this.connection = new ClientConnection()
    const id = `session-${++sessions}`
    const details = {
      id,
      subject: null,
      clientKey: 'k',
      remoteAddress: null,
      userAgent: null,
      relayId: null,
      connectedAt: Date.now(),
    }
    this.session = replica.hub.open(details, this.connection)
    for (const operationId of this.operations.keys()) this.#subscribe(operationId)
  }

  subscribe(operationId: string, identifiers: readonly string[]): void {
    this.operations.set(operationId, identifiers)
    this.received.set(operationId, [])
    if (this.session) this.#subscribe(operationId)
  }

  #subscribe(operationId: string): void {
    const { replica, session } = this
    if (!replica || !session) throw new Error('not connected')
    const identifiers = this.operations.get(operationId) ?? []
    this.#subscriptions.set(
      operationId,
      replica.hub.subscribe({
        session,
        operationId,
        operation: { schema, document, operationName: null, variableValues: { identifiers } },
        field: 'messages',
        identifiers,
        after: new Map(),
        resumeAs: 'anonymous',
      }),
    )
  }

  async complete(operationId: string): Promise<void> {
    const subscription = this.#subscriptions.get(operationId)
    this.collect()
    this.operations.delete(operationId)
    this.received.delete(operationId)
    this.#subscriptions.delete(operationId)
    if (subscription && this.replica) await this.replica.hub.unsubscribe(subscription, true)
  }

  /** Every operation is live: what is pushed from now on arrives. */
  async live(): Promise<void> {
    const { connection } = this
    await eventually(
      () => [...this.operations.keys()].every((id) => connection?.live.has(id)),
      () => 'subscriptions do not become live',
    )
  }

  /** Moves what came in to `received`. */
  collect(): void {
    for (const { operationId, message } of this.connection?.received.splice(0) ?? []) {
      this.received.get(operationId)?.push(message)
    }
  }

  /** Answers the question that it has read, if any. */
  prove(): void {
    this.collect()
    const { connection, session, replica } = this
    if (!connection || !session || !replica) return
    session.review(Date.now(), Number.POSITIVE_INFINITY)
    if (connection.asked !== null) replica.hub.proved(session, connection.asked)
    connection.asked = null
  }

  /** The connection breaks; what it had read it has. `noticed`: the replica sees it, else it was killed meanwhile. */
  async disconnect(noticed: boolean): Promise<void> {
    this.collect()
    const { session, replica } = this
    this.connection = null
    this.session = null
    this.replica = null
    this.#subscriptions.clear()
    if (session && replica && noticed) await replica.hub.close(session, { code: 1006, reason: '' })
  }
}

const LIMIT_MS = 20_000 // 20 seconds

/** Waits, turn by turn of the event loop, until something holds. */
export async function eventually(holds: () => boolean, complaint: () => string): Promise<void> {
  const end = Date.now() + LIMIT_MS
  while (!holds()) {
    if (Date.now() > end) throw new Error(complaint())
    await turn()
  }
}
