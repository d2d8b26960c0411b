import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../close-codes.ts'
import { textFrame, toBytes } from '../delivery/frame.ts'
import type { Transport, Writer } from '../delivery/session.ts'
import type { Ending } from '../delivery/watcher.ts'
import type { Flusher } from './flusher.ts'

/** A client that was asked this often by protocol ping and answered none is asked by WebSocket ping from then on. */
const MAX_UNANSWERED = 2
const MAX_REASON_BYTES = 123 // RFC 6455 §5.5

/** Whoever holds the conversation on a connection. */
export interface Speaker {
  /** Of the operations that are under way. */
  operationIds(): Iterable<string>
}

/**
 * One WebSocket, as delivery writes to it. Every text frame goes through one queue and leaves
 * in one `write` per turn of the event loop; `ws` reads, and writes control frames, before which the queue is flushed.
 */
export class Connection implements Transport {
  readonly proves = true
  writer: Writer | null = null
  readonly sessionId: string
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #flusher: Flusher
  /** How we closed it; null while we did not. */
  closing: Ending | null = null
  #queued = ''
  #drained: (() => void) | null = null
  /** Does the client echo the payload of a protocol ping? Known once it answered one. */
  #echoes: boolean | null = null
  #unanswered = 0
  speaker: Speaker | null = null

  constructor(sessionId: string, socket: WebSocket, stream: Duplex, flusher: Flusher) {
    this.sessionId = sessionId
    this.#socket = socket
    this.#stream = stream
    this.#flusher = flusher
  }

  envelope(operationId: string) {
    return { before: `{"id":${JSON.stringify(operationId)},"type":"next","payload":`, after: '}' }
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get bufferedBytes(): number {
    return this.#queued.length + this.#stream.writableLength
  }

  write(bytes: string): void {
    if (this.#queued === '') this.#flusher.add(this)
    else this.#flusher.more()
    this.#queued += textFrame(bytes)
  }

  flush(): void {
    if (this.#queued === '') return
    this.writer?.leaving()
    const queued = this.#queued
    // Whoever asked by WebSocket ping has flushed it.
    if (queued === '') return
    this.#queued = ''
    if (this.open) this.#stream.write(queued, 'latin1')
    if (this.#drained) this.#awaitDrain()
  }

  onceDrained(callback: () => void): void {
    this.#drained = callback
    if (this.#queued === '') this.#awaitDrain()
  }

  /** A client that proves by echoing is asked by protocol ping; any other by WebSocket ping, which all must echo. */
  askProof(sequence: number): void {
    if (this.#echoes !== true) this.#unanswered++
    if (this.#echoes === false || this.#unanswered > MAX_UNANSWERED) {
      this.flush()
      if (this.open) this.#socket.ping(`${sequence} ${this.sessionId}`)
      return
    }
    this.write(`{"type":"ping","payload":{"ack":${sequence},"session":"${this.sessionId}"}}`)
  }

  announceLive(operationId: string, cursors: readonly string[]): void {
    // Not as one object: a key of its own for each would be a shape of its own for each.
    const live = `{${JSON.stringify(operationId)}:${JSON.stringify(cursors)}}`
    this.write(toBytes(`{"type":"ping","payload":{"live":${live}}}`))
  }

  /** A protocol pong. Answers the sequence number that it proves, or null. */
  ponged(payload: unknown): number | null {
    if (typeof payload !== 'object' || payload === null) {
      // It answers, but says nothing: the graphql-transport-ws protocol does not demand the echo.
      this.#echoes ??= false
      return null
    }
    const { ack, session } = payload as { ack?: unknown; session?: unknown }
    this.#echoes = true
    return typeof ack === 'number' && session === this.sessionId ? ack : null
  }

  /** A WebSocket pong. Answers the sequence number that it proves, or null: it may echo what a former replica asked. */
  socketPonged(text: string): number | null {
    const [sequence, session] = text.split(' ')
    return session === this.sessionId ? Number(sequence) : null
  }

  disconnect(reason: string | null): void {
    const message = reason ?? CLOSE_CODES.DISCONNECTED.reason
    const payload = [{ message, extensions: { code: 'FORBIDDEN' } }]
    for (const id of this.speaker?.operationIds() ?? [])
      this.write(toBytes(JSON.stringify({ id, type: 'error', payload })))
    this.close(CLOSE_CODES.DISCONNECTED.code, message)
  }

  close(code: number, reason: string): void {
    this.flush()
    let text = reason
    this.closing ??= { code, reason }
    while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1)
    this.#socket.close(code, text)
  }

  /** Nothing more is read from its socket. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** For a peer that does not even answer a close. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** The answer to a WebSocket-level ping. */
  pong(data: Buffer): void {
    if (this.open) this.#socket.pong(data)
  }

  /** A WebSocket-level ping: any peer answers it by itself, so silence means that it is gone. */
  heartbeat(): void {
    if (this.open) this.#socket.ping()
  }

  #awaitDrain(): void {
    const drained = () => {
      const callback = this.#drained
      this.#drained = null
      callback?.()
    }
    if (this.#stream.writableNeedDrain) this.#stream.once('drain', drained)
    else queueMicrotask(drained)
  }
}
