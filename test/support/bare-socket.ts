import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Arrivals } from './arrivals.ts'
import type { GatewayAddress } from './gateway.ts'

/** RFC 6455 §5.2. */
export const OPCODE = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  RESERVED: 3,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface FrameOptions {
  readonly opcode: number
  readonly payload?: Buffer | string
  /** Default true: the last of its message. */
  readonly fin?: boolean
  /** Default true, as RFC 6455 §5.1 demands of clients. */
  readonly masked?: boolean
  /** RSV1–3 as a number from 0 to 7. */
  readonly reserved?: number
  /** What the header says, where that is not how much follows. */
  readonly declaredBytes?: number
  /** Four bytes; default: any. */
  readonly mask?: Buffer
}

/**
 * A WebSocket made of bytes, over bare TCP: for frames that no library would send, and for a peer that answers nothing
 * by itself, neither ping nor close.
 */
export class BareSocket implements Disposable {
  readonly socket: Socket
  readonly #frames = new Arrivals<Frame>('frame')
  readonly #ended: Promise<void>
  /** What came before the first frame: the answer to the handshake. */
  readonly #heads = new Arrivals<string>('handshake')
  #unread: Buffer = Buffer.alloc(0)
  #upgraded = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#ended = once(socket, 'close').then(() => {
      this.#frames.end('the TCP connection is closed')
      this.#heads.end('the TCP connection is closed')
    })
  }

  /** Connects, and sends nothing. */
  static async dial({ port }: { readonly port: number }): Promise<BareSocket> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return new BareSocket(socket)
  }

  /** Connects and upgrades to WebSocket. */
  static async open(
    gateway: Pick<GatewayAddress, 'port'>,
    protocol: string | null = 'graphql-transport-ws',
  ): Promise<BareSocket> {
    const bare = await BareSocket.dial(gateway)
    const head = await bare.handshake({ protocol })
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`the upgrade was refused: ${head}`)
    return bare
  }

  /** Opens and has the connection acknowledged. */
  static async connect(gateway: Pick<GatewayAddress, 'port'>): Promise<BareSocket> {
    const bare = await BareSocket.open(gateway)
    bare.sendText({ type: 'connection_init' })
    await bare.expect(OPCODE.TEXT)
    return bare
  }

  /** Asks for the upgrade; answers the head of the response. A header given as null is left out. */
  async handshake({
    protocol = null as string | null,
    path = '/graphql',
    headers = {} as Record<string, string | null>,
  }) {
    const all: Record<string, string | null> = {
      Host: '127.0.0.1',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Protocol': protocol,
      ...headers,
    }
    const lines = Object.entries(all).flatMap(([name, value]) =>
      value === null ? [] : [`${name}: ${value}`],
    )
    this.write([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    return await this.head()
  }

  /** The head of the HTTP response; waits for it. */
  head(): Promise<string> {
    return this.#heads.take('HTTP response')
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes)
  }

  send(frame: FrameOptions): void {
    this.write(toFrame(frame))
  }

  /** A well-formed text frame with this message as JSON. */
  sendText(message: unknown): void {
    this.send({ opcode: OPCODE.TEXT, payload: JSON.stringify(message) })
  }

  /** The first frame with this opcode that no one has taken yet; waits for it. */
  expect(opcode: number): Promise<Frame> {
    return this.#frames.take(`frame with opcode ${opcode}`, (frame) => frame.opcode === opcode)
  }

  /** The first text frame whose message is of such a type; those before it are passed over. */
  async expectText(matches: (type: unknown) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const { payload } = await this.expect(OPCODE.TEXT)
      const message = JSON.parse(payload.toString()) as Record<string, unknown>
      if (matches(message.type)) return message
    }
  }

  /** The code of the close frame; waits for it. Null: it has none. */
  async closeCode(): Promise<number | null> {
    const { payload } = await this.expect(OPCODE.CLOSE)
    return payload.length < 2 ? null : payload.readUInt16BE(0)
  }

  /** Asks by a ping whether it is still open: `OPEN`, or the code of its close frame (null: it has none). */
  async standing(): Promise<'OPEN' | number | null> {
    const fence = randomBytes(16)
    this.send({ opcode: OPCODE.PING, payload: fence })
    const { opcode, payload } = await this.#frames.take(
      'pong or close',
      (frame) =>
        frame.opcode === OPCODE.CLOSE || (frame.opcode === OPCODE.PONG && frame.payload.equals(fence)),
    )
    if (opcode === OPCODE.PONG) return 'OPEN'
    return payload.length < 2 ? null : payload.readUInt16BE(0)
  }

  /** Ends its own side, amid a frame: `OPEN` where the peer then ends too and has not closed, else the code of its close. */
  async standingAfterEnd(): Promise<'OPEN' | number | null> {
    this.socket.end()
    await this.ended()
    return this.#frames.left.some(({ opcode }) => opcode === OPCODE.CLOSE) ? await this.closeCode() : 'OPEN'
  }

  /** The TCP connection is closed; waits for it. */
  ended(): Promise<void> {
    return this.#frames.within('end of the TCP connection', this.#ended)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk])
    if (!this.#upgraded) {
      const end = this.#unread.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#heads.add(this.#unread.subarray(0, end).toString())
      this.#unread = this.#unread.subarray(end + 4)
      this.#upgraded = true
    }
    for (let parsed = parseFrame(this.#unread); parsed; parsed = parseFrame(this.#unread)) {
      this.#unread = this.#unread.subarray(parsed.bytes)
      this.#frames.add(parsed.frame)
    }
  }
}

export function toFrame({
  opcode,
  payload = '',
  fin = true,
  masked = true,
  reserved = 0,
  declaredBytes,
  mask = randomBytes(4),
}: FrameOptions): Buffer {
  const body = Buffer.from(payload as string)
  const length = declaredBytes ?? body.length
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, body])
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] as number))])
}

/** One unmasked frame, as servers send it; null where it is not all there. */
function parseFrame(bytes: Buffer): { frame: Frame; bytes: number } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] as number) & 0x7f
  const head = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < head) return null
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < head + length) return null
  const payload = Buffer.from(bytes.subarray(head, head + length))
  return { frame: { opcode: (bytes[0] as number) & 0x0f, payload }, bytes: head + length }
}
