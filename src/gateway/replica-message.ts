/**
 * A look at what a replica sends, cheap enough for every message: its type, without parsing the payload. graphql-ws and
 * the replica's own writer put `id` and `type` first; a message that begins otherwise is parsed.
 */
export type ReplicaMessageKind = 'next' | 'error' | 'complete' | 'connection_ack' | 'ping' | 'pong' | 'other'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
/** `{"id":"` and `{"type":"`: where the id, or the type, begins. */
const ID_AT = 7
const TYPE_AT = 9
/** From the quote that ends the id to the first letter of the type: `","type":"`. */
const TYPE_AFTER_ID = 10

/** The payload of the frame is `bytes` from `start` to `end`. */
export function kindOf(bytes: Buffer, start: number, end: number): ReplicaMessageKind {
  if (bytes[start + 2] === 0x69 /* i */ && bytes[start + 6] === QUOTE) {
    let at = start + ID_AT
    while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
    const type = at + TYPE_AFTER_ID
    if (type < end && bytes[at + 1] === COMMA && bytes[at + 3] === 0x74 /* t */) {
      const letter = bytes[type]
      if (letter === 0x6e /* n */) return 'next'
      if (letter === 0x65 /* e */) return 'error'
      if (letter === 0x63 /* c */) return 'complete'
    }
  } else if (bytes[start + 2] === 0x74 /* t */ && bytes[start + 8] === QUOTE) {
    const second = bytes[start + TYPE_AT + 1]
    if (second === 0x69 /* i */) return 'ping'
    // `complete` shares its first two letters with `connection_ack`.
    if (second === 0x6f /* o */) {
      const [first, third] = [bytes[start + TYPE_AT], bytes[start + TYPE_AT + 2]]
      if (first === 0x70 /* p */) return 'pong'
      if (third === 0x6e /* n */) return 'connection_ack'
    }
  }
  return KINDS.find((kind) => kind === parse(bytes, start, end)?.type) ?? 'other'
}

const KINDS: readonly ReplicaMessageKind[] = ['next', 'error', 'complete', 'connection_ack', 'ping', 'pong']

/** The operation that a message is about; null where it names none. */
export function operationIdOf(bytes: Buffer, start: number, end: number): string | null {
  const id = parse(bytes, start, end)?.id
  return typeof id === 'string' ? id : null
}

function parse(bytes: Buffer, start: number, end: number): { type?: unknown; id?: unknown } | null {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as { type?: unknown; id?: unknown } | null
  } catch {
    return null
  }
}
