import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closePayload, FrameReader, maskedFrame, OPCODE } from '../../src/gateway/frames.ts'
import { kindOf, operationIdOf } from '../../src/gateway/replica-message.ts'

/** One frame as a server sends it. */
function serverFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x80 | opcode
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

interface Sent {
  readonly opcode: number
  readonly payload: Buffer
}

/** Reads a stream that comes in these pieces. Texts that begin with `-` are kept back. */
function read(bytes: Buffer, cuts: readonly number[]) {
  const texts: string[] = []
  const passed: Buffer[] = []
  const closes: [number | null, string][] = []
  const reader = new FrameReader({
    text: (buffer, start, end) => {
      const text = buffer.toString('utf8', start, end)
      texts.push(text)
      return !text.startsWith('-')
    },
    pass: (buffer) => passed.push(Buffer.from(buffer)),
    close: (code, reason) => closes.push([code, reason]),
  })
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const end of [...ends, bytes.length]) {
    reader.read(bytes.subarray(from, end))
    from = end
  }
  return { texts, passed: Buffer.concat(passed), closes }
}

const anyPayload = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000).map((length) => 'x'.repeat(length)),
  fc.constantFrom('', '-', '-kept back'),
)
const anySent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 5, arbitrary: anyPayload.map((text) => ({ opcode: OPCODE.TEXT, payload: Buffer.from(text) })) },
  fc.constantFrom(OPCODE.PING, OPCODE.PONG).map((opcode) => ({ opcode, payload: Buffer.from('7') })),
)
const anyCuts = fc.array(fc.nat(200_000), { maxLength: 12 })

test('wherever a stream is cut, every message is seen once, and what is passed on is whole frames, in order', () => {
  fc.assert(
    fc.property(fc.array(anySent, { maxLength: 12 }), anyCuts, (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ opcode, payload }) => serverFrame(opcode, payload)))
      const { texts, passed, closes } = read(bytes, cuts)
      const isText = ({ opcode }: Sent) => opcode === OPCODE.TEXT
      expect(texts).toEqual(sent.filter(isText).map(({ payload }) => payload.toString()))
      const expected = sent.filter(
        ({ opcode, payload }) => opcode !== OPCODE.PONG && !(opcode === OPCODE.TEXT && payload[0] === 0x2d),
      )
      const frames = Buffer.concat(expected.map(({ opcode, payload }) => serverFrame(opcode, payload)))
      expect(passed.equals(frames)).toBe(true)
      expect(closes).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('what was begun and not ended is never passed on; nor is anything after a close', () => {
  const one = serverFrame(OPCODE.TEXT, Buffer.from('one'))
  const two = serverFrame(OPCODE.TEXT, Buffer.from('two'))
  for (let end = one.length; end < one.length + two.length; end++) {
    expect(read(Buffer.concat([one, two]).subarray(0, end), []).passed).toEqual(one)
  }
  const close = serverFrame(OPCODE.CLOSE, closePayload(1012, 'später'))
  expect(read(Buffer.concat([one, close, two]), [])).toEqual({
    texts: ['one'],
    passed: one,
    closes: [[1012, 'später']],
  })
  expect(read(serverFrame(OPCODE.CLOSE, Buffer.alloc(0)), []).closes).toEqual([[null, '']])
})

test('what no replica sends is refused: masked, fragmented, compressed, or without end', () => {
  const headers = [
    [0x81, 0x80],
    [0x01, 0x00],
    [0xc1, 0x00],
    [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0],
  ]
  for (const header of headers) expect(() => read(Buffer.from(header), [])).toThrow()
})

test('what a replica is sent is one masked frame, of which the mask is never the same', () => {
  fc.assert(
    fc.property(anyPayload, (text) => {
      const payload = Buffer.from(text)
      const head = serverFrame(OPCODE.TEXT, payload).subarray(0, -payload.length || undefined)
      const [frame, again] = [maskedFrame(OPCODE.TEXT, payload), maskedFrame(OPCODE.TEXT, payload)]
      const mask = frame.subarray(head.length, head.length + 4)
      expect(mask).not.toEqual(again.subarray(head.length, head.length + 4))
      const body = frame.subarray(head.length + 4)
      expect(Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))).equals(payload)).toBe(true)
      head[1] = (head[1] ?? 0) | 0x80
      expect(frame.subarray(0, head.length).equals(head)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('the kind of a message is seen as a parser sees it, in whatever order its members are', () => {
  const id = fc.string({ unit: 'binary', maxLength: 40 })
  const ofOperation = fc.record({ id, type: fc.constantFrom('next', 'error', 'complete', 'subscribe') })
  const ofSession = fc.record({ type: fc.constantFrom('connection_ack', 'ping', 'pong') })
  const anyMessage: fc.Arbitrary<{ id?: string; type: string; payload?: unknown }> = fc
    .tuple(fc.oneof(ofOperation, ofSession), fc.option(fc.jsonValue(), { nil: undefined }))
    .map(([message, payload]) => ({ ...message, ...(payload === undefined ? {} : { payload }) }))
  const known = ['next', 'error', 'complete', 'connection_ack', 'ping', 'pong']
  fc.assert(
    fc.property(anyMessage, fc.boolean(), fc.nat(9), (message, typeFirst, offset) => {
      const { id, type, ...rest } = message
      const named = { ...(id === undefined ? {} : { id }) }
      const ordered = typeFirst ? { type, ...named, ...rest } : { ...named, type, ...rest }
      const text = Buffer.from(JSON.stringify(ordered))
      const bytes = Buffer.concat([Buffer.alloc(offset), text, Buffer.from('","type":"next"')])
      const kind = kindOf(bytes, offset, offset + text.length)
      expect(kind).toBe(known.includes(type) ? type : 'other')
      expect(operationIdOf(bytes, offset, offset + text.length)).toBe(id ?? null)
    }),
    { numRuns: 2_000 },
  )
})
