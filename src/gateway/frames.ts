import { randomFillSync } from 'node:crypto'

/** WebSocket frames (RFC 6455 §5) as the relay needs them: read off a replica whole, and written to it masked. */
export const OPCODE = { TEXT: 1, CLOSE: 8, PING: 9, PONG: 10 } as const

const FIN = 0x80
const RESERVED = 0x70
const OPCODE_BITS = 0x0f
const MASKED = 0x80
/** Larger than any message of a replica: what claims to be is no replica. */
const MAX_MESSAGE_BYTES = 16_777_216 // 16 MiB
const NOTHING = Buffer.alloc(0)

export interface FrameSink {
  /** A whole text message; its payload is from `start` to `end`. Answers whether its bytes are to be passed on. */
  text(bytes: Buffer, start: number, end: number): boolean
  /** Bytes of whole messages and pings, one after the other, to be passed on as they are. */
  pass(bytes: Buffer): void
  close(code: number | null, reason: string): void
}

/**
 * Cuts a stream of unmasked frames into whole messages. What is to be passed on goes out in runs, uncopied: a message of
 * which the end never comes is never passed on. Pongs answer our own pings and end here.
 */
export class FrameReader {
  readonly #sink: FrameSink
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** So many bytes make the next message whole, as far as is known. */
  #wanted = 0
  #closed = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Throws where these are no frames that a server may send. */
  read(chunk: Buffer): void {
    if (this.#closed) return
    let bytes = chunk
    if (this.#pendingBytes > 0) {
      this.#pending.push(chunk)
      this.#pendingBytes += chunk.length
      if (this.#pendingBytes < this.#wanted) return
      bytes = Buffer.concat(this.#pending, this.#pendingBytes)
    }
    const used = this.#cut(bytes)
    const rest = used < bytes.length ? bytes.subarray(used) : NOTHING
    this.#pending = rest.length > 0 ? [rest] : []
    this.#pendingBytes = rest.length
  }

  /** Answers how many bytes were whole messages. */
  #cut(bytes: Buffer): number {
    const { length } = bytes
    let at = 0
    /** From here on, up to `at`, all is to be passed on. */
    let run = 0
    const passRun = () => {
      if (run < at) this.#sink.pass(bytes.subarray(run, at))
    }
    while (!this.#closed) {
      const message = this.#measure(bytes, at)
      if (!message) break
      const { opcode, start, end } = message
      let passes = true
      if (opcode === OPCODE.TEXT) passes = this.#sink.text(bytes, start, end)
      else if (opcode === OPCODE.PONG) passes = false
      else if (opcode === OPCODE.CLOSE) {
        passRun()
        run = end
        this.#closed = true
        const code = end - start >= 2 ? bytes.readUInt16BE(start) : null
        this.#sink.close(code, code === null ? '' : bytes.toString('utf8', start + 2, end))
        return length
      }
      if (!passes) {
        passRun()
        run = end
      }
      at = end
    }
    passRun()
    return at
  }

  /** The frame that begins at `at`, where all of it is there. */
  #measure(bytes: Buffer, at: number): { opcode: number; start: number; end: number } | null {
    const first = bytes[at]
    const second = bytes[at + 1]
    if (first === undefined || second === undefined) return this.#want(2)
    // Replicas neither compress nor fragment, and no server masks.
    if ((first & (FIN | RESERVED)) !== FIN || (second & MASKED) !== 0)
      throw new Error('no frame of a replica')
    const short = second & 0x7f
    const head = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length - at < head) return this.#want(head)
    const size =
      short === 126
        ? bytes.readUInt16BE(at + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short
    if (size > MAX_MESSAGE_BYTES) throw new Error('a message is too large')
    const start = at + head
    if (bytes.length - start < size) return this.#want(head + size)
    return { opcode: first & OPCODE_BITS, start, end: start + size }
  }

  #want(bytes: number): null {
    this.#wanted = bytes
    return null
  }
}

const MASKS = Buffer.alloc(8_192)
let nextMask = MASKS.length

/** One frame as a client sends it. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  if (nextMask === MASKS.length) {
    randomFillSync(MASKS)
    nextMask = 0
  }
  const { length } = payload
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + 4 + length)
  frame[0] = FIN | opcode
  if (head === 2) frame[1] = MASKED | length
  else if (head === 4) {
    frame[1] = MASKED | 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = MASKED | 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  const body = head + 4
  MASKS.copy(frame, head, nextMask, nextMask + 4)
  nextMask += 4
  for (let index = 0; index < length; index++) {
    frame[body + index] = (payload[index] as number) ^ (frame[head + (index & 3)] as number)
  }
  return frame
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason)
  const payload = Buffer.allocUnsafe(2 + text.length)
  payload.writeUInt16BE(code)
  text.copy(payload, 2)
  return payload
}
