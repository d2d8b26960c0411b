/**
 * Text as the socket gets it.
 *
 * Everything on the hot path is a *byte string*: a string whose every character is one byte (latin1), holding UTF-8.
 * So pieces are converted once, joined many times, and one `socket.write(bytes, 'latin1')` carries header and body with
 * no copy of our own; `length` is the length in bytes.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, its control characters too
const NON_ASCII = /[^\x00-\x7f]/

/** Byte string of a text: the text itself where it is ASCII. */
export function toBytes(text: string): string {
  return NON_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}

/** The text of a byte string. */
export function fromBytes(bytes: string): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes
}

const FIN_TEXT = 0x81
const headers: string[] = []

/** An unmasked, final text frame around a byte string (RFC 6455 §5.2). */
export function textFrame(bytes: string): string {
  const length = bytes.length
  if (length > 0xffff) return longHeader(length) + bytes
  let header = headers[length]
  if (header === undefined) {
    header = length < 126 ? chars(FIN_TEXT, length) : chars(FIN_TEXT, 126, length >>> 8, length & 0xff)
    headers[length] = header
  }
  return header + bytes
}

function longHeader(length: number): string {
  const high = Math.floor(length / 0x1_0000_0000)
  return chars(FIN_TEXT, 127, ...bigEndian(high), ...bigEndian(length >>> 0))
}

function bigEndian(word: number): [number, number, number, number] {
  return [(word >>> 24) & 0xff, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]
}

const chars = String.fromCharCode
