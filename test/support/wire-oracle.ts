import { validateMessage } from 'graphql-ws'
import { OPCODE } from './bare-socket.ts'

/** What a server owes a client that sent certain bytes. */
export interface Verdict {
  /** Whole frames, with the one that broke a rule. */
  readonly frames: number
  /** How many of the bytes these are; all of them where the rule was broken by a header. */
  readonly bytes: number
  /** What the connection is after them: `OPEN`, or the code of the close frame (null: it has none). */
  readonly standing: 'OPEN' | number | null
  /** Codes that are right too, since they depend on what the server has done so far of what it was asked. */
  readonly also: readonly number[]
}

const MAX_MESSAGE_BYTES = 4_194_304 // 4 MiB
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads what a client sent by the letter of RFC 6455 §5 and §7.4 and of graphql-transport-ws, by code of its own. */
export function verdictOf(bytes: Buffer, acknowledged: boolean): Verdict {
  const protocol = new Protocol(acknowledged)
  let at = 0
  let frames = 0
  let message: { readonly isText: boolean; readonly parts: Buffer[] } | null = null
  const verdict = (standing: Verdict['standing'], end: number) => ({
    frames,
    bytes: end,
    standing,
    also: [...protocol.also],
  })
  for (;;) {
    const held = message?.parts.reduce((sum, { length }) => sum + length, 0) ?? 0
    const header = headerAt(bytes, at, message !== null, held)
    if (header === null) return verdict('OPEN', at)
    frames++
    if (header.code !== null) return verdict(header.code, bytes.length)
    const { opcode, fin, start, end } = header
    if (end > bytes.length) {
      frames--
      return verdict('OPEN', at)
    }
    const mask = bytes.subarray(start - 4, start)
    const payload = Buffer.from(bytes.subarray(start, end).map((byte, i) => byte ^ (mask[i % 4] as number)))
    at = end
    if (opcode === OPCODE.CLOSE) return verdict(closedBy(payload), at)
    if (opcode > OPCODE.CLOSE) continue
    message ??= { isText: opcode === OPCODE.TEXT, parts: [] }
    message.parts.push(payload)
    if (!fin) continue
    const code = message.isText ? protocol.said(Buffer.concat(message.parts)) : 1003
    message = null
    if (code !== null) return verdict(code, at)
  }
}

type Header =
  | { readonly code: number }
  | {
      readonly code: null
      readonly opcode: number
      readonly fin: boolean
      readonly start: number
      readonly end: number
    }

/** Null where it is not all there; a code where it is none that a client may send. */
function headerAt(bytes: Buffer, at: number, fragmented: boolean, held: number): Header | null {
  const [first, second] = [bytes[at], bytes[at + 1]]
  if (first === undefined || second === undefined) return null
  const opcode = first & 0x0f
  const fin = (first & 0x80) !== 0
  const short = second & 0x7f
  const isControl = opcode >= 8
  const isKnown = opcode <= OPCODE.BINARY || (opcode >= OPCODE.CLOSE && opcode <= OPCODE.PONG)
  const outOfTurn = !isControl && (opcode === OPCODE.CONTINUATION) !== fragmented
  const badControl = isControl && (!fin || short > 125 || (opcode === OPCODE.CLOSE && short === 1))
  if ((first & 0x70) !== 0 || !isKnown || outOfTurn || badControl || (second & 0x80) === 0)
    return { code: 1002 }
  const head = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < at + head) return null
  const length =
    head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  if (!isControl && held + length > MAX_MESSAGE_BYTES) return { code: 1009 }
  const start = at + head + 4
  return { code: null, opcode, fin, start, end: start + length }
}

/** A close is answered with its own code (§5.5.1), where that may be sent at all. */
function closedBy(payload: Buffer): number | null {
  if (payload.length === 0) return null
  const code = payload.readUInt16BE(0)
  const isAssigned = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)
  if (!isAssigned && !(code >= 3000 && code <= 4999)) return 1002
  return decoded(payload.subarray(2)) === null ? 1007 : code
}

function decoded(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes)
  } catch {
    return null
  }
}

/** https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, the server's side. */
class Protocol {
  readonly also = new Set<number>()
  #state: 'OPEN' | 'INITIALISED' | 'ACKNOWLEDGED'
  /** Operations that were begun: which of them have ended is for the server to say. */
  readonly #begun = new Set<string>()

  constructor(acknowledged: boolean) {
    this.#state = acknowledged ? 'ACKNOWLEDGED' : 'OPEN'
  }

  /** The code that a message is to be answered with; null: none. */
  said(bytes: Buffer): number | null {
    const text = decoded(bytes)
    if (text === null) return 1007
    const message = understood(text)
    switch (message?.type) {
      case 'connection_init': {
        if (this.#state !== 'OPEN') return 4429
        this.#state = 'INITIALISED'
        const clientKey = message.payload?.['clientKey']
        const isKey = typeof clientKey === 'string' && clientKey !== '' && Buffer.byteLength(clientKey) <= 128
        return clientKey === undefined || isKey ? null : 4400
      }
      case 'subscribe':
        if (this.#state === 'OPEN') return 4401
        // Its acknowledgement is under way.
        if (this.#state === 'INITIALISED') this.also.add(4401)
        if (this.#begun.has(message.id)) this.also.add(4409)
        this.#begun.add(message.id)
        return null
      case 'ping':
      case 'pong':
      case 'complete':
        return null
      default:
        return 4400
    }
  }
}

function understood(text: string) {
  try {
    return validateMessage(JSON.parse(text))
  } catch {
    return null
  }
}
