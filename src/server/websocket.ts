import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecutionArgs } from 'graphql'
import { handleProtocols, makeServer, type Context as ProtocolContext, type Server } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import type { Config } from '../config.ts'
import { toBytes } from '../delivery/frame.ts'
import type { Hub } from '../delivery/hub.ts'
import type { Session } from '../delivery/session.ts'
import type { Context, OperationOrigin } from '../graphql/context.ts'
import { toPublicError } from '../graphql/plugins/errors.ts'
import { type OperationParams, prepareOperation, runnerOf } from '../graphql/prepare.ts'
import type { Trial } from '../graphql/trial.ts'
import { MAX_REQUEST_BYTES, type Yoga } from '../graphql/yoga.ts'
import type { Log } from '../observability/log.ts'
import type { Admission } from './admission.ts'
import type { ClientAddress, RelayId } from './client-address.ts'
import { Connection } from './connection.ts'
import { Flusher } from './flusher.ts'
import { failing, OperationErrors, publicErrors } from './operation-errors.ts'
import { OperationTurns } from './operation-turns.ts'
import { StreamLimit } from './stream-limit.ts'
import type { Sweep } from './sweep.ts'
import type { Welcome } from './welcome.ts'

const MAX_CLIENT_KEY_BYTES = 128
/** How a proof begins on the wire: looked at before anything parses the message. */
const PROOF = '{"type":"pong","payload":{"ack":'

interface Extra {
  readonly session: Session
  readonly connection: Connection
  readonly streams: StreamLimit
  /** Over once its verdict is known. */
  readonly trial: Trial | null
  turns: OperationTurns | null
}

type Protocol = ProtocolContext<Record<string, unknown>, Extra>

export interface WebSocketOptions {
  readonly config: Pick<Config, 'maxSubscriptionsPerSession'>
  readonly clientAddress: ClientAddress
  readonly relayId: RelayId
  readonly hub: Hub
  readonly yoga: Yoga
  readonly sweep: Sweep
  readonly log: Log
  /** What a client is told when it is in. */
  readonly welcome: (sessionId: string) => Welcome
  /** Why nobody may come now, whoever it is; null when some may. */
  readonly refusal: () => CloseCode | null
  readonly admission: Admission
}

/** The WebSocket side of the server: graphql-transport-ws by graphql-ws, on sockets of `ws`. */
export class WebSocketSide {
  readonly connections = new Set<Connection>()
  readonly #options: WebSocketOptions
  readonly #flusher = new Flusher()
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_REQUEST_BYTES,
    handleProtocols,
  })
  readonly #protocol: Server<Extra>

  constructor(options: WebSocketOptions) {
    this.#options = options
    this.#protocol = makeServer<Record<string, unknown>, Extra>({
      // The sweep sees to it: no timer per session.
      connectionInitWaitTimeout: 0,
      onConnect: (context) => this.#connect(context),
      onSubscribe: (context, id, payload) => this.#prepare(context, id, payload),
      execute: (args) => runnerOf(args).execute(args),
      subscribe: (args) => this.#subscribe(args),
      onError: (_context, _id, _payload, errors) =>
        publicErrors(errors, options.log).map((error) => error.toJSON()),
      onPong: ({ extra }, payload) => this.#ponged(extra, payload),
    })
  }

  /** Takes an HTTP upgrade. It is never refused by status: stock clients do not come back from that. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#opened(socket, stream, request))
  }

  #opened(socket: WebSocket, stream: Duplex, request: IncomingMessage): void {
    const { hub, sweep, clientAddress, relayId, log } = this.#options
    socket.on('error', (error) => log.debug({ err: error }, 'socket failed'))
    const { refusal, admission } = this.#options
    const refuse = ({ code, reason }: CloseCode) => socket.close(code, reason)
    const refused = refusal()
    if (refused) return void refuse(refused)
    const verdict = admission.arrive(() =>
      connection.close(CLOSE_CODES.OVER_CAPACITY.code, CLOSE_CODES.OVER_CAPACITY.reason),
    )
    if (!verdict.admitted) return void refuse(CLOSE_CODES.OVER_CAPACITY)
    const { trial } = verdict
    const connection = new Connection(randomUUID(), socket, stream, this.#flusher)
    const session = hub.open(
      {
        id: connection.sessionId,
        subject: null,
        clientKey: null,
        relayId: relayId(request),
        remoteAddress: clientAddress(request),
        userAgent: request.headers['user-agent'] ?? null,
        connectedAt: Date.now(),
      },
      connection,
    )
    this.connections.add(connection)
    sweep.watch(session, connection)
    const ended = this.#speak(socket, session, connection, trial)
    socket.on('close', (code, reason) => {
      trial?.end()
      this.connections.delete(connection)
      sweep.unwatch(session)
      // The session first: what ends with its socket stays resumable, what its client completes does not.
      hub
        .close(session, { code, reason: reason.toString() })
        .then(() => ended(code, reason.toString()))
        .catch((error: unknown) =>
          log.error({ err: error, sessionId: session.id }, 'session did not close well'),
        )
    })
  }

  #speak(socket: WebSocket, session: Session, connection: Connection, trial: Trial | null) {
    const { config, hub, log } = this.#options
    socket.on('ping', () => {
      session.lastActiveAt = Date.now()
    })
    socket.on('pong', (data) => {
      session.lastActiveAt = Date.now()
      const sequence = connection.socketPonged(data.toString())
      if (sequence !== null) hub.proved(session, sequence)
    })
    const streams = new StreamLimit(config.maxSubscriptionsPerSession)
    const extra: Extra = { session, connection, streams, trial, turns: null }
    return this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => {
          if (connection.open) connection.write(toBytes(data))
        },
        close: (code, reason) =>
          connection.close(code ?? CLOSE_CODES.INTERNAL.code, reason ?? CLOSE_CODES.INTERNAL.reason),
        onMessage: (handle) => {
          // A message that had to wait may outlive its socket: nothing would ever end what it begins.
          const turns = new OperationTurns((text) => (connection.open ? handle(text) : Promise.resolve()))
          extra.turns = turns
          socket.on('message', (data, isBinary) => {
            session.lastActiveAt = Date.now()
            if (isBinary) return connection.close(CLOSE_CODES.BINARY.code, CLOSE_CODES.BINARY.reason)
            const text = data.toString()
            if (text.startsWith(PROOF) && this.#proved(text, extra)) return
            turns.receive(text).catch((error: unknown) => {
              // graphql-ws throws for a message that is well-formed, but only servers send it.
              const code = isServerMessage(text) ? CLOSE_CODES.BAD_REQUEST : CLOSE_CODES.INTERNAL
              if (code === CLOSE_CODES.INTERNAL) {
                log.error({ err: error, sessionId: session.id }, 'message could not be handled')
              }
              connection.close(code.code, code.reason)
            })
          })
        },
      },
      extra,
    )
  }

  #connect({ connectionParams, extra }: Protocol): boolean | Record<string, unknown> {
    const { session, connection } = extra
    this.#options.sweep.initialised(session)
    const clientKey = connectionParams?.['clientKey']
    if (clientKey !== undefined) {
      if (
        typeof clientKey !== 'string' ||
        clientKey === '' ||
        Buffer.byteLength(clientKey) > MAX_CLIENT_KEY_BYTES
      ) {
        const reason = `connectionParams.clientKey must be a string of 1 to ${MAX_CLIENT_KEY_BYTES} bytes`
        connection.close(CLOSE_CODES.BAD_REQUEST.code, reason)
        return true
      }
      session.details.clientKey = clientKey
    }
    return { ...this.#options.welcome(session.id) }
  }

  /** Nothing may be thrown out of here: graphql-ws would close the socket (4500). */
  async #prepare(context: Protocol, id: string, payload: OperationParams) {
    const { yoga, log } = this.#options
    const { session, connection, streams, trial, turns } = context.extra
    turns?.begins(id)
    connection.operationIds = () => Object.keys(context.subscriptions)
    const { subject, remoteAddress: address } = session.details
    const origin: OperationOrigin = {
      trigger: 'WEBSOCKET',
      subject,
      address,
      session,
      trial,
      operationId: id,
    }
    const prepared = await prepareOperation(yoga, origin, payload, log)
    // graphql-ws keeps the message for as long as the operation lives; its text is not needed any more.
    Object.assign(payload, { query: '', variables: null })
    if (!('schema' in prepared)) return [...prepared]
    const { document, operationName } = prepared
    try {
      streams.admit({ id, document, operationName }, context.subscriptions)
      return prepared
    } catch (error) {
      return [toPublicError(error, log)]
    }
  }

  /** An operation that cannot be subscribed to answers `error`, with its codes, and nothing else happens. */
  async #subscribe(args: ExecutionArgs) {
    try {
      const { origin } = args.contextValue as Context
      const result = await runnerOf(args).subscribe(args)
      // Nor are these, which graphql-ws keeps as well: they would be most of what an idle subscription costs.
      Object.assign(args, { rootValue: null, contextValue: null, variableValues: null })
      if (origin.pending) return origin.pending
      if (Symbol.asyncIterator in result || !result.errors) return result
      return failing(new OperationErrors(result.errors))
    } catch (error) {
      return failing(error)
    }
  }

  #proved(text: string, extra: Extra): boolean {
    try {
      this.#ponged(extra, (JSON.parse(text) as { payload?: unknown }).payload)
      return true
    } catch {
      // Not JSON after all: graphql-ws says so.
      return false
    }
  }

  #ponged({ session, connection }: Extra, payload: unknown): void {
    const sequence = connection.ponged(payload)
    if (sequence !== null) this.#options.hub.proved(session, sequence)
  }
}

const SERVER_MESSAGES: readonly string[] = ['connection_ack', 'next', 'error']

function isServerMessage(text: string): boolean {
  const { type } = JSON.parse(text) as { type: string }
  return SERVER_MESSAGES.includes(type)
}
