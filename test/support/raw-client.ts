import { once } from 'node:events'
import { WebSocket } from 'ws'
import { Arrivals } from './arrivals.ts'
import type { GatewayAddress } from './gateway.ts'
import type { GraphQLAnswer, PublicError } from './graphql-request.ts'

/** A graphql-transport-ws message, as it stood on the wire. */
export interface ProtocolMessage {
  readonly type: string
  readonly id?: string
  readonly payload?: unknown
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface RawClientOptions {
  /** Default: `graphql-transport-ws`. None: an empty list. */
  readonly protocols?: string | string[]
  /** Answer the server's protocol pings by echo, as the stock client does (default). */
  readonly echo?: boolean
  /** More headers of the handshake. */
  readonly headers?: Readonly<Record<string, string>>
  /** What `connect` gives with its `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>
  /** Answer WebSocket pings, as every WebSocket implementation does (default). */
  readonly autoPong?: boolean
}

const LISTEN = `subscription Listen($identifiers: [ID!]!, $after: [String!]) {
  messages(identifiers: $identifiers, after: $after) { id identifier payload cursor redelivered missed sessionId trigger }
}`

/** A message of the `messages` subscription, as `subscribe` asks for it. */
export interface ReceivedMessage {
  readonly id: string
  readonly identifier: string
  readonly payload: unknown
  readonly cursor: string
  readonly redelivered: boolean
  readonly missed: number | null
  readonly sessionId: string
  readonly trigger: 'HTTP' | 'WEBSOCKET'
}

/**
 * A WebSocket that a test drives message by message. Nothing is done unasked, but for the answers to pings; what
 * arrived and was not taken by `expect` stays for a later one.
 */
export class RawClient implements AsyncDisposable {
  readonly socket: WebSocket
  readonly #arrivals = new Arrivals<ProtocolMessage>('message')
  readonly #closed: Promise<Closed>
  #fences = 0

  private constructor(
    url: string,
    { protocols = 'graphql-transport-ws', echo = true, autoPong = true, headers = {} }: RawClientOptions,
  ) {
    this.socket = new WebSocket(url, protocols, { autoPong, headers })
    // What an error leads to, a close, is what tests look at.
    this.socket.on('error', () => {})
    this.socket.on('message', (data) => {
      const message = JSON.parse(data.toString()) as ProtocolMessage
      if (message.type === 'ping' && echo) this.send({ ...message, type: 'pong' })
      this.#arrivals.add(message)
    })
    this.#closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        const closed = { code, reason: reason.toString() }
        this.#arrivals.end(`the socket was closed: ${code} ${closed.reason}`)
        resolve(closed)
      })
    })
  }

  /** Opens the socket and sends nothing yet. */
  static async open({ wsUrl }: GatewayAddress, options: RawClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(wsUrl, options)
    await once(client.socket, 'open')
    return client
  }

  /** Opens the socket and waits until the server has acknowledged the connection. */
  static async connect(gateway: GatewayAddress, options: RawClientOptions = {}): Promise<RawClient> {
    const client = await RawClient.open(gateway, options)
    client.send({ type: 'connection_init', payload: options.connectionParams })
    await client.expect('connection_ack')
    return client
  }

  /** Text as it is; anything else as JSON. Nothing happens on a socket that is closed or closing. */
  send(message: unknown): void {
    if (this.socket.readyState !== WebSocket.OPEN) return
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The first message of this type (and operation, and kind) that no one has taken yet; waits for it. */
  expect(
    type: string,
    id?: string,
    matches: (message: ProtocolMessage) => boolean = () => true,
  ): Promise<ProtocolMessage> {
    const what = id === undefined ? type : `${type} of operation ${JSON.stringify(id)}`
    return this.#arrivals.take(
      what,
      (message) => message.type === type && (id === undefined || message.id === id) && matches(message),
    )
  }

  /** The first message of one of these types for an operation. */
  expectAnyOf(id: string, types: readonly string[]): Promise<ProtocolMessage> {
    const what = `${types.join(' or ')} of operation ${JSON.stringify(id)}`
    return this.#arrivals.take(what, (message) => message.id === id && types.includes(message.type))
  }

  /** Waits until everything that the server sent before now has arrived, by a ping and its pong. */
  async fence(): Promise<void> {
    const fence = ++this.#fences
    this.send({ type: 'ping', payload: { fence } })
    await this.expect(
      'pong',
      undefined,
      ({ payload }) => (payload as { fence?: unknown } | undefined)?.fence === fence,
    )
  }

  /** What arrived of this type and was not taken. */
  untaken(type: string): readonly ProtocolMessage[] {
    return this.#arrivals.left.filter((message) => message.type === type)
  }

  /** What arrived for an operation and was not taken. */
  left(id: string): readonly ProtocolMessage[] {
    return this.#arrivals.left.filter((message) => message.id === id)
  }

  /** Subscribes to `messages` and waits until the subscription is live. */
  async subscribe(id: string, identifiers: readonly string[], after?: readonly string[]): Promise<void> {
    this.send({ id, type: 'subscribe', payload: { query: LISTEN, variables: { identifiers, after } } })
    await this.live(id)
  }

  /** Waits for the live ping of a subscription. */
  async live(id: string): Promise<void> {
    const isLive = ({ payload }: ProtocolMessage) =>
      Object.hasOwn((payload as { live?: object } | undefined)?.live ?? {}, id)
    await this.expect('ping', undefined, isLive)
  }

  /** The next message of a subscription begun with `subscribe`. */
  async nextMessage(id: string): Promise<ReceivedMessage> {
    const { payload } = await this.expect('next', id)
    return (payload as { data: { messages: ReceivedMessage } }).data.messages
  }

  /** Runs an operation to its end: its one result and `complete`, or its `error`. */
  async request(
    id: string,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<GraphQLAnswer> {
    this.send({ id, type: 'subscribe', payload: { query, variables } })
    const first = await this.#arrivals.take(
      `an answer to operation ${JSON.stringify(id)}`,
      (message) => message.id === id,
    )
    if (first.type === 'error') return { errors: first.payload as PublicError[] }
    await this.expect('complete', id)
    return first.payload as GraphQLAnswer
  }

  /** How the socket was closed; waits for it. */
  closed(): Promise<Closed> {
    return this.#arrivals.within('close', this.#closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(1000)
    // A peer that does not answer the close is a matter of the tests about that.
    await this.closed().catch(() => this.socket.terminate())
  }
}
