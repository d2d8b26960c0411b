import { createHash, randomBytes } from 'node:crypto'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { closePayload, FrameReader, type FrameSink, maskedFrame, OPCODE } from './frames.ts'

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const LEAVE_LIMIT_MS = 2_000 // 2 seconds

const agent = new Agent()
const secureAgent = new SecureAgent()

/** How a home came to its end. */
export type HomeEnd =
  /** The replica closed the WebSocket, with this code; null where it gave none. */
  | { readonly kind: 'closed'; readonly code: number | null; readonly reason: string }
  /** It answered the handshake with this status instead. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The connection could not be made (`reached` false) or is gone without a word. */
  | { readonly kind: 'lost'; readonly reached: boolean; readonly reason: string }

export interface HomeListener extends Pick<FrameSink, 'text' | 'pass'> {
  opened(): void
  /** Once, and nothing after it. Not called after `leave`. */
  ended(end: HomeEnd): void
  /** The replica takes more again. */
  drained(): void
}

export interface HomeOptions {
  readonly replicaId: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[]>>
}

/**
 * The connection of one session to the replica that holds it now. `ws` on this side would parse, copy and frame anew
 * what can be handed on as it is, so the handshake is Node's own and the frames are ours (docs/performance.md).
 */
export class Home {
  readonly replicaId: string
  readonly #listener: HomeListener
  readonly #request: ClientRequest
  #socket: Socket | null = null
  #over = false
  #connected = false
  /** When anything was last heard of it, or the handshake began. */
  heardAt = Date.now()
  /** When it was asked whether it is there, since it was last heard of. */
  askedAt: number | null = null

  constructor({ replicaId, url, headers }: HomeOptions, listener: HomeListener) {
    this.replicaId = replicaId
    this.#listener = listener
    const key = randomBytes(16).toString('base64')
    const secure = url.protocol === 'https:'
    this.#request = (secure ? secureRequest : request)(url, {
      agent: secure ? secureAgent : agent,
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
        'sec-websocket-protocol': GRAPHQL_TRANSPORT_WS_PROTOCOL,
      },
    })
    this.#request
      .on('socket', (socket) =>
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          this.#connected = true
        }),
      )
      .on('upgrade', (response, socket: Socket, head: Buffer) => {
        if (this.#over) return void socket.destroy()
        if (!accepted(response, key)) {
          socket.destroy()
          return this.#end({ kind: 'lost', reached: false, reason: 'it does not speak graphql-transport-ws' })
        }
        this.#begin(socket, head)
      })
      .on('response', (response) => {
        response.resume()
        this.#end({ kind: 'refused', status: response.statusCode ?? 0 })
        this.#request.destroy()
      })
      .on('error', (error) => this.#end({ kind: 'lost', reached: this.#connected, reason: error.message }))
      .end()
  }

  get open(): boolean {
    return this.#socket !== null && !this.#over
  }

  /** More waits to be taken by the replica than is good. */
  get congested(): boolean {
    return this.#socket?.writableNeedDrain === true
  }

  get paused(): boolean {
    return this.#socket?.isPaused() === true
  }

  send(message: string | Buffer): void {
    this.#write(OPCODE.TEXT, typeof message === 'string' ? Buffer.from(message) : message)
  }

  pong(payload: Buffer): void {
    this.#write(OPCODE.PONG, payload)
  }

  /** Asks whether the replica is there: it answers by itself. */
  ask(): void {
    this.askedAt = Date.now()
    this.#write(OPCODE.PING, Buffer.alloc(0))
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  /** The session needs it no more: says goodbye to the replica, where that is possible. */
  leave(code: number): void {
    if (this.#over) return
    this.#over = true
    const socket = this.#socket
    if (!socket) return void this.#request.destroy()
    socket.end(maskedFrame(OPCODE.CLOSE, closePayload(code, '')))
    // What it still sends is of no use to anybody, but has to be read for its end to come.
    socket.resume().setTimeout(LEAVE_LIMIT_MS, () => socket.destroy())
  }

  /** The replica is taken for gone: nothing of it is heard any more. */
  abandon(): void {
    this.#over = true
    this.#socket?.destroy()
    this.#request.destroy()
  }

  #begin(socket: Socket, head: Buffer): void {
    this.#socket = socket
    this.heardAt = Date.now()
    const listener = this.#listener
    const reader = new FrameReader({
      text: (bytes, start, end) => !this.#over && listener.text(bytes, start, end),
      pass: (bytes) => {
        if (!this.#over) listener.pass(bytes)
      },
      close: (code, reason) => this.#end({ kind: 'closed', code, reason }),
    })
    const lost = (reason: string) => this.#end({ kind: 'lost', reached: true, reason })
    const read = (chunk: Buffer) => {
      this.heardAt = Date.now()
      this.askedAt = null
      if (this.#over) return
      try {
        reader.read(chunk)
      } catch (error) {
        lost((error as Error).message)
      }
    }
    socket
      .setTimeout(0)
      .setNoDelay(true)
      .on('data', read)
      .on('drain', () => listener.drained())
      .on('error', (error) => lost(error.message))
      // Half closed is closed: nothing more can come.
      .on('end', () => lost('it ended the connection'))
      .on('close', () => lost('the connection is closed'))
    listener.opened()
    if (head.length > 0) read(head)
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.open) this.#socket?.write(maskedFrame(opcode, payload))
  }

  #end(end: HomeEnd): void {
    if (this.#over) return
    this.#over = true
    const socket = this.#socket
    if (end.kind === 'closed' && socket) {
      // The closing handshake is the replica's to finish; it is not waited for.
      socket.end(maskedFrame(OPCODE.CLOSE, closePayload(1000, '')))
      socket.setTimeout(LEAVE_LIMIT_MS, () => socket.destroy())
    } else socket?.destroy()
    this.#listener.ended(end)
  }
}

function accepted({ headers }: IncomingMessage, key: string): boolean {
  const expected = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  return (
    headers['sec-websocket-accept'] === expected &&
    headers['sec-websocket-protocol'] === GRAPHQL_TRANSPORT_WS_PROTOCOL
  )
}
