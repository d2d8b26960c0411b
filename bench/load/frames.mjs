// The least of RFC 6455 that a subscriber needs: frames are told apart by their header, never decoded.

export const TEXT = 1
export const PING = 9
export const PONG = 10
const CLOSE = 8

/**
 * Calls `onFrame(bytes, start, end, opcode)` for every whole frame. The bytes are only lent for the call.
 *
 * @param {(bytes: Buffer, start: number, end: number, opcode: number) => void} onFrame
 * @returns {(chunk: Buffer) => void}
 */
export function createFrameReader(onFrame) {
  /** @type {Buffer | null} */
  let rest = null
  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    rest = null
    let at = 0
    while (at < bytes.length) {
      const header = headerLength(bytes, at)
      const end = header === 0 ? Infinity : at + header + payloadLength(bytes, at, header)
      if (end > bytes.length) {
        // A copy: the reader's buffer is used again for the next socket.
        rest = Buffer.from(bytes.subarray(at))
        return
      }
      const opcode = bytes[at] & 0x0f
      if (opcode === CLOSE)
        throw new Error(`the server closed: ${bytes.toString('utf8', at + header + 2, end)}`)
      onFrame(bytes, at + header, end, opcode)
      at = end
    }
  }
}

/** 0: not yet known. */
function headerLength(bytes, at) {
  if (bytes.length - at < 2) return 0
  const short = bytes[at + 1] & 0x7f
  const header = short < 126 ? 2 : short === 126 ? 4 : 10
  return bytes.length - at < header ? 0 : header
}

function payloadLength(bytes, at, header) {
  if (header === 2) return bytes[at + 1] & 0x7f
  return header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** A frame from a client. It must be masked; the mask is zero, so the bytes stay as they are. */
export function clientFrame(payload, opcode = TEXT) {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(payload)
  const header = body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10
  const frame = Buffer.alloc(header + 4 + body.length)
  frame[0] = 0x80 | opcode
  if (header === 2) frame[1] = 0x80 | body.length
  else if (header === 4) {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(body.length, 2)
  } else {
    frame[1] = 0x80 | 127
    frame.writeBigUInt64BE(BigInt(body.length), 2)
  }
  body.copy(frame, header + 4)
  return frame
}
