import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BareSocket, type FrameOptions, OPCODE, toFrame } from '../support/bare-socket.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

/** Bytes that no WebSocket may send: the connection is closed with the right code, the process and the others live on. */

let gateway: TestGateway
let witness: RawClient
beforeAll(async () => {
  gateway = await startTestGateway()
  witness = await RawClient.connect(gateway)
  await witness.subscribe('witness', ['witness'])
})
afterAll(async () => {
  await witness[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

async function expectWitnessReceives(): Promise<void> {
  const payload = randomUUID()
  await push(gateway, { to: ['witness'], payload })
  expect(await witness.nextMessage('witness')).toMatchObject({ payload, redelivered: false, missed: 0 })
}

const text = (payload: string | Buffer, options: Partial<FrameOptions> = {}): FrameOptions => ({
  opcode: OPCODE.TEXT,
  payload,
  ...options,
})
const ping = { type: 'ping' }
const json = JSON.stringify(ping)
const code = (number: number, reason: Buffer | string = '') =>
  Buffer.concat([Buffer.from([number >> 8, number & 0xff]), Buffer.from(reason as string)])
const MEBIBYTE = 1_048_576
/** A two-byte start of a three-byte character. */
const BROKEN_UTF8 = Buffer.from([0x22, 0xe2, 0x82, 0x22])

const CASES: readonly [string, number, readonly FrameOptions[]][] = [
  ['a binary frame', 1003, [{ opcode: OPCODE.BINARY, payload: json }]],
  ['an empty binary frame', 1003, [{ opcode: OPCODE.BINARY }]],
  ['text that is not UTF-8', 1007, [text(BROKEN_UTF8)]],
  [
    'text that is not UTF-8 only as a whole',
    1007,
    [text(BROKEN_UTF8.subarray(0, 2), { fin: false }), { opcode: OPCODE.CONTINUATION, payload: 'x' }],
  ],
  ['an encoded surrogate', 1007, [text(Buffer.from([0xed, 0xa0, 0x80]))]],
  ['a frame that declares 5 MiB', 1009, [text('', { declaredBytes: 5 * MEBIBYTE })]],
  ['a frame that declares an exabyte', 1009, [text('', { declaredBytes: 2 ** 60 })]],
  [
    'fragments that grow over 4 MiB',
    1009,
    [
      text('x'.repeat(2 * MEBIBYTE), { fin: false }),
      { opcode: OPCODE.CONTINUATION, payload: 'x'.repeat(2 * MEBIBYTE), fin: false },
      { opcode: OPCODE.CONTINUATION, payload: 'x', fin: false },
    ],
  ],
  ['an unmasked frame', 1002, [text(json, { masked: false })]],
  ['the first reserved bit', 1002, [text(json, { reserved: 4 })]],
  ['the second reserved bit', 1002, [text(json, { reserved: 2 })]],
  ['the third reserved bit', 1002, [text(json, { reserved: 1 })]],
  ['a reserved opcode', 1002, [{ opcode: OPCODE.RESERVED, payload: json }]],
  ['a reserved control opcode', 1002, [{ opcode: 0xb }]],
  ['a continuation of nothing', 1002, [{ opcode: OPCODE.CONTINUATION, payload: json }]],
  ['a text frame amid fragments', 1002, [text('{', { fin: false }), text(json)]],
  ['a fragmented ping', 1002, [{ opcode: OPCODE.PING, fin: false }]],
  ['a ping of 126 bytes', 1002, [{ opcode: OPCODE.PING, payload: 'x'.repeat(126) }]],
  ['a close of one byte', 1002, [{ opcode: OPCODE.CLOSE, payload: 'x' }]],
  ['a close with a code that must not be sent', 1002, [{ opcode: OPCODE.CLOSE, payload: code(1005) }]],
  ['a close with a code that is none', 1002, [{ opcode: OPCODE.CLOSE, payload: code(999) }]],
  ['a close whose reason is not UTF-8', 1007, [{ opcode: OPCODE.CLOSE, payload: code(1000, BROKEN_UTF8) }]],
]

describe('a connection that sends what cannot be', () => {
  test.each(CASES)('(%s) is closed with %i', async (_what, expected, frames) => {
    using bare = await BareSocket.connect(gateway)
    for (const frame of frames) bare.send(frame)
    expect(await bare.closeCode()).toBe(expected)
    await expectWitnessReceives()
  })

  test.each(CASES)(
    '(%s) before it is acknowledged is closed with %i too',
    async (_what, expected, frames) => {
      using bare = await BareSocket.open(gateway)
      for (const frame of frames) bare.send(frame)
      expect(await bare.closeCode()).toBe(expected)
      await expectWitnessReceives()
    },
  )
})

describe('what is allowed', () => {
  test('text in fragments, with a ping between them, is one message', async () => {
    using bare = await BareSocket.connect(gateway)
    bare.send(text(json.slice(0, 5), { fin: false }))
    bare.send({ opcode: OPCODE.PING, payload: 'between' })
    bare.send({ opcode: OPCODE.CONTINUATION, payload: json.slice(5, 9), fin: false })
    bare.send({ opcode: OPCODE.CONTINUATION, payload: json.slice(9) })
    expect((await bare.expect(OPCODE.PONG)).payload.toString()).toBe('between')
    expect(await bare.expectText((type) => type === 'pong')).toEqual({ type: 'pong' })
  })

  test('a frame that comes byte by byte is a frame', async () => {
    using bare = await BareSocket.connect(gateway)
    bare.socket.setNoDelay(true)
    for (const byte of toFrame(text(json))) bare.write(Buffer.from([byte]))
    await bare.expectText((type) => type === 'pong')
  })

  test('an unsolicited pong of any content is fine', async () => {
    using bare = await BareSocket.connect(gateway)
    for (const payload of ['', '1', '-1', 'NaN', '99999999999999999999', '\u0000', 'x'.repeat(125)]) {
      bare.send({ opcode: OPCODE.PONG, payload })
    }
    bare.sendText(ping)
    await bare.expectText((type) => type === 'pong')
  })

  test('a close without a code is answered', async () => {
    using bare = await BareSocket.connect(gateway)
    bare.send({ opcode: OPCODE.CLOSE })
    await bare.expect(OPCODE.CLOSE)
    await bare.ended()
  })
})

describe('a connection that ends amid', () => {
  test.each([
    ['the handshake', 'GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: webso'],
    ['nothing at all', ''],
  ])('%s does no harm', async (_what, bytes) => {
    const bare = await BareSocket.dial(gateway)
    bare.write(bytes)
    bare.socket.end()
    await bare.ended()
    await expectWitnessReceives()
  })

  test('a frame does no harm, and its identifiers read offline', async () => {
    const bare = await BareSocket.connect(gateway)
    bare.write(toFrame(text(json)).subarray(0, 7))
    bare.socket.resetAndDestroy()
    await bare.ended()
    await expectWitnessReceives()
  })
})

describe('an upgrade', () => {
  test.each([
    ['of an unknown version', { headers: { 'Sec-WebSocket-Version': '12' } }, /^HTTP\/1\.1 (400|426) /],
    ['without a key', { headers: { 'Sec-WebSocket-Key': null } }, /^HTTP\/1\.1 400 /],
    ['with a key that is none', { headers: { 'Sec-WebSocket-Key': 'short' } }, /^HTTP\/1\.1 400 /],
    ['to something else', { headers: { Upgrade: 'h2c' } }, /^HTTP\/1\.1 (400|426) /],
    ['elsewhere', { path: '/nowhere' }, /^HTTP\/1\.1 404 /],
    [
      'with a malformed list of protocols',
      { headers: { 'Sec-WebSocket-Protocol': 'a,,b' } },
      /^HTTP\/1\.1 400 /,
    ],
  ])('%s is refused', async (_what, request, expected) => {
    using bare = await BareSocket.dial(gateway)
    expect(await bare.handshake(request)).toMatch(expected)
    await bare.ended()
    await expectWitnessReceives()
  })

  test.each([
    ['no HTTP', '\u0016\u0003\u0001 hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a head of 17 KiB', `GET / HTTP/1.1\r\nX: ${'x'.repeat(17 * 1_024)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ])('that is %s is refused', async (_what, bytes, expected) => {
    using bare = await BareSocket.dial(gateway)
    bare.write(bytes)
    expect(await bare.head()).toMatch(expected)
    await bare.ended()
    await expectWitnessReceives()
  })
})
