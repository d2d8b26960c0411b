import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import { MAX_REQUEST_BYTES } from '../graphql/yoga.ts'
import { RelayedSession, type SessionWorld } from './session.ts'

const SWEEP_INTERVAL_MS = 250

export interface RelayOptions extends SessionWorld {
  /** Why no new client may come now; null when one may. */
  readonly refusal: () => CloseCode | null
}

/** All sessions of a gateway, and the one sweep over them. */
export class SocketRelay implements Disposable {
  readonly sessions = new Set<RelayedSession>()
  readonly #options: RelayOptions
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_REQUEST_BYTES,
    handleProtocols,
  })
  readonly #timer: NodeJS.Timeout
  #sweptAt = Date.now()

  constructor(options: RelayOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#sweep(Date.now()), SWEEP_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Takes an HTTP upgrade. It is never refused by status: stock clients do not come back from that. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, stream, head, (socket) => {
      const { log, refusal } = this.#options
      socket.on('error', (error) => log.debug({ err: error }, 'socket failed'))
      const refused = socket.protocol === '' ? CLOSE_CODES.BAD_SUBPROTOCOL : refusal()
      if (refused) return void socket.close(refused.code, refused.reason)
      const session = new RelayedSession(socket, stream, request, this.#options)
      this.sessions.add(session)
      socket.on('close', () => this.sessions.delete(session))
    })
  }

  /** The lease of a replica has ended: its sessions are not served any more, whatever its sockets say. */
  ended(replicaId: string): void {
    for (const session of this.sessions) if (session.replicaId === replicaId) session.ended()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const session of this.sessions) session.close(CLOSE_CODES.RESTART.code, CLOSE_CODES.RESTART.reason)
  }

  #sweep(now: number): void {
    const late = now - this.#sweptAt > 4 * SWEEP_INTERVAL_MS
    this.#sweptAt = now
    for (const session of this.sessions) session.sweep(now, late)
  }
}
