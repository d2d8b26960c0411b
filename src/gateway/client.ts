import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Past so much that the client has not taken, nothing more is read for it, nor from it. */
const HIGH_WATER_BYTES = 262_144 // 256 KiB

export interface ClientListener {
  said(data: Buffer, isBinary: boolean): void
  /** A WebSocket pong, which answers a ping of the session's home; or a sign of life of the client's own, empty. */
  ponged(payload: Buffer): void
  /** It takes nothing for now: what comes for it is not to be read. */
  congested(): void
  drained(): void
  gone(): void
}

/**
 * The client's end of a session. `ws` reads, and writes what is the relay's own; what a replica wrote goes to the socket as
 * it came. Both write whole frames to the same stream, so their order is that of the calls.
 */
export class Client {
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #listener: ClientListener
  /** Since when it takes nothing; null while it does. */
  congestedSince: number | null = null
  /** When it was last heard of. */
  heardAt = Date.now()

  constructor(socket: WebSocket, stream: Duplex, listener: ClientListener) {
    this.#socket = socket
    this.#stream = stream
    this.#listener = listener
    socket.on('message', (data: Buffer, isBinary) => {
      this.heardAt = Date.now()
      listener.said(data, isBinary)
    })
    // `ws` has answered it; that the client lives is news for its home all the same.
    socket.on('ping', () => this.#ponged(Buffer.alloc(0)))
    socket.on('pong', (payload: Buffer) => this.#ponged(payload))
    socket.on('close', () => listener.gone())
    stream.on('drain', () => {
      this.congestedSince = null
      this.resume()
      listener.drained()
    })
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Whole frames, as a server sends them. */
  pass(frames: Buffer): void {
    if (!this.open) return
    this.#stream.write(frames)
    this.#look()
  }

  /** A message of the relay's own. */
  tell(message: object): void {
    if (!this.open) return
    this.#socket.send(JSON.stringify(message))
    this.#look()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  #ponged(payload: Buffer): void {
    this.heardAt = Date.now()
    this.#listener.ponged(payload)
  }

  #look(): void {
    if (this.congestedSince !== null || this.#stream.writableLength <= HIGH_WATER_BYTES) return
    this.congestedSince = Date.now()
    this.pause()
    this.#listener.congested()
  }
}
