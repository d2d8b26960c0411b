import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import { MAX_REQUEST_BYTES } from '../graphql/yoga.ts'
import type { Admission } from './admission.ts'
import type { ClientAddress, RelayId } from './client-address.ts'
import { ClientSocket } from './client-socket.ts'
import { Connection } from './connection.ts'
import { Conversation, type ConversationServices } from './conversation.ts'
import { Flusher } from './flusher.ts'
import { Occupancy } from './occupancy.ts'

export interface WebSocketOptions extends Omit<ConversationServices, 'connections' | 'occupancy'> {
  readonly clientAddress: ClientAddress
  readonly relayId: RelayId
  /** Why nobody may come now, whoever it is; null when some may. */
  readonly refusal: () => CloseCode | null
  readonly admission: Admission
}

/** The WebSocket side of the server: who comes in, on sockets of `ws`. */
export class WebSocketSide {
  readonly connections = new Set<Connection>()
  readonly #options: WebSocketOptions
  readonly #services: ConversationServices
  readonly #flusher = new Flusher()
  readonly #occupancy = { addresses: new Occupancy(), subjects: new Occupancy() }
  readonly #sockets = new WebSocketServer<typeof ClientSocket>({
    WebSocket: ClientSocket,
    noServer: true,
    clientTracking: false,
    // By itself it cuts off whoever sends 60 pings at once: ours are read at their pace instead.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: MAX_REQUEST_BYTES,
    handleProtocols,
  })

  constructor(options: WebSocketOptions) {
    this.#options = options
    this.#services = { ...options, connections: this.connections, occupancy: this.#occupancy }
  }

  /** Takes an HTTP upgrade. It is never refused by status: stock clients do not come back from that. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#opened(socket, stream, request))
  }

  #opened(socket: ClientSocket, stream: Duplex, request: IncomingMessage): void {
    const { hub, clientAddress, relayId, refusal, admission, config } = this.#options
    const { addresses } = this.#occupancy
    const refuse = ({ code, reason }: CloseCode) => socket.close(code, reason)
    const refused = refusal()
    if (refused) return void refuse(refused)
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) return void refuse(CLOSE_CODES.BAD_SUBPROTOCOL)
    const remoteAddress = clientAddress(request)
    if (remoteAddress !== null && !addresses.enter(remoteAddress, config.maxConnectionsPerAddress)) {
      return void refuse(CLOSE_CODES.TOO_MANY_OF_ADDRESS)
    }
    const connection = new Connection(randomUUID(), socket, stream, this.#flusher)
    const { OVER_CAPACITY } = CLOSE_CODES
    const verdict = admission.arrive(() => connection.close(OVER_CAPACITY.code, OVER_CAPACITY.reason))
    if (!verdict.admitted) {
      if (remoteAddress !== null) addresses.leave(remoteAddress)
      return void refuse(OVER_CAPACITY)
    }
    const session = hub.open(
      {
        id: connection.sessionId,
        subject: null,
        clientKey: null,
        relayId: relayId(request),
        remoteAddress,
        userAgent: request.headers['user-agent'] ?? null,
        connectedAt: Date.now(),
      },
      connection,
    )
    socket.listener = new Conversation(this.#services, session, connection, verdict.trial)
  }
}
