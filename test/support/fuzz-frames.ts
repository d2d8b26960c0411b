import fc from 'fast-check'
import { BareSocket, type FrameOptions, OPCODE, toFrame } from './bare-socket.ts'
import { operation } from './fuzz-operations.ts'
import type { GatewayAddress } from './gateway.ts'
import { verdictOf } from './wire-oracle.ts'

/** What one client sends on one WebSocket. */
export interface Speech {
  /** Begun after its `connection_ack`. */
  readonly acknowledged: boolean
  readonly bytes: Buffer
}

/** Fixed, so that a seed gives the same bytes again. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

const subscribe = (id: string, query: string, variables: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
})
const id = fc.oneof(fc.nat(300).map(String), fc.uuid(), fc.constantFrom('__proto__', ' ', 'é', '\u0000'))
const LISTEN = 'subscription L($to: [ID!]!) { messages(identifiers: $to) { id payload cursor } }'
const PUSH = 'mutation P($input: PushInput!) { push(input: $input) { id accepted } }'

/** What the clients of applications say. */
const message: fc.Arbitrary<object> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'ping' }) },
  { weight: 3, arbitrary: fc.object({ maxDepth: 1 }).map((payload) => ({ type: 'ping', payload })) },
  {
    weight: 4,
    arbitrary: fc.integer().map((ack) => ({ type: 'pong', payload: { ack, session: 'another' } })),
  },
  { weight: 2, arbitrary: fc.object({ maxDepth: 1 }).map((payload) => ({ type: 'pong', payload })) },
  { weight: 4, arbitrary: id.map((it) => ({ type: 'complete', id: it })) },
  { weight: 1, arbitrary: id.map((it) => subscribe(`live ${it}`, LISTEN, { to: [`fuzz:${it}`] })) },
  { weight: 1, arbitrary: fc.uuid().map((it) => subscribe(it, '{ __typename }')) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.uuid(), operation)
      .map(([it, payload]) => ({ id: it, type: 'subscribe', payload })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.uuid(), fc.string())
      .map(([it, text]) => subscribe(it, PUSH, { input: { to: [`fuzz:${text}`], payload: text } })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.uuid(), fc.string({ minLength: 1 })).map(([it, text]) => subscribe(it, text)),
  },
)

const frame = (options: FrameOptions) => toFrame({ mask: MASK, ...options })
const whole = (payload: Buffer | string) => frame({ opcode: OPCODE.TEXT, payload })

/** In fragments, with a ping between them. */
function fragmented(text: string, cut: number): Buffer {
  const payload = Buffer.from(text)
  const at = cut % (payload.length + 1)
  return Buffer.concat([
    frame({ opcode: OPCODE.TEXT, payload: payload.subarray(0, at), fin: false }),
    frame({ opcode: OPCODE.PING, payload: 'between' }),
    frame({ opcode: OPCODE.CONTINUATION, payload: payload.subarray(at) }),
  ])
}

const text = message.map((it) => JSON.stringify(it))
const good = fc.oneof(
  { weight: 8, arbitrary: text.map(whole) },
  { weight: 1, arbitrary: fc.tuple(text, fc.nat()).map(([it, cut]) => fragmented(it, cut)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(OPCODE.PING, OPCODE.PONG), fc.uint8Array({ maxLength: 125 }))
      .map(([opcode, payload]) => frame({ opcode, payload: Buffer.from(payload) })),
  },
)

/** Some bytes changed, taken out or put in. */
function mutated(of: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.uint8Array({ maxLength: 2 }) })
  return fc.tuple(of, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([bytes, edits]) =>
    edits.reduce((before, { at, cut, put }) => {
      const from = at % (before.length + 1)
      return Buffer.concat([before.subarray(0, from), Buffer.from(put), before.subarray(from + cut)])
    }, bytes),
  )
}

const bad = fc.oneof(
  mutated(good),
  mutated(text.map((it) => Buffer.from(it))).map(whole),
  fc.json().map(whole),
  fc.string({ unit: 'binary' }).map(whole),
  fc.uint8Array().map((it) => whole(Buffer.from(it))),
  fc.uint8Array({ maxLength: 40 }).map((it) => Buffer.from(it)),
  fc.constant(whole('{"type":"connection_init"}')),
  fc.constantFrom('next', 'error', 'connection_ack').map((type) => whole(JSON.stringify({ type, id: '1' }))),
  fc
    .record({
      opcode: fc.nat(15),
      fin: fc.boolean(),
      masked: fc.boolean(),
      reserved: fc.nat(7),
      payload: fc.string(),
      declaredBytes: fc.nat(2 ** 40),
    })
    .map(frame),
  fc
    .tuple(fc.nat(65_535), fc.uint8Array({ maxLength: 20 }))
    .map(([code, reason]) =>
      frame({ opcode: OPCODE.CLOSE, payload: Buffer.from([code >> 8, code & 0xff, ...reason]) }),
    ),
)

/** Mostly what is allowed, so that what is not comes in every state of a conversation. */
export const speech: fc.Arbitrary<Speech> = fc
  .record({
    acknowledged: fc.boolean(),
    init: fc.boolean(),
    said: fc.array(good, { maxLength: 150, size: 'max' }),
    last: fc.option(bad),
    after: fc.array(good, { maxLength: 5 }),
  })
  .map(({ acknowledged, init, said, last, after }) => ({
    acknowledged,
    bytes: Buffer.concat([
      ...(!acknowledged && init ? [whole('{"type":"connection_init"}')] : []),
      ...said,
      ...(last ? [last] : []),
      ...after,
    ]),
  }))

/**
 * Says it on a WebSocket of its own; throws where the server does not do what it owes. Answers how many frames counted.
 * `toTheBreach`: nothing is sent past what breaks a rule, for a server that asks another one what to say to it.
 */
export async function hold(
  gateway: GatewayAddress,
  { acknowledged, bytes }: Speech,
  { toTheBreach = false } = {},
): Promise<number> {
  const verdict = verdictOf(bytes, acknowledged)
  using bare = await (acknowledged ? BareSocket.connect(gateway) : BareSocket.open(gateway))
  const breaks = verdict.standing !== 'OPEN'
  bare.write(toTheBreach && breaks ? bytes.subarray(0, verdict.bytes) : bytes)
  const standing = await standingOf(bare, breaks, toTheBreach, verdict.bytes === bytes.length)
  const allowed: unknown[] = [verdict.standing, ...verdict.also]
  if (!allowed.includes(standing)) {
    const sent = `${acknowledged ? 'acknowledged, then ' : ''}${bytes.toString('hex')}`
    throw new Error(`after frame ${verdict.frames} it is ${standing}, not ${allowed.join(' or ')}: ${sent}`)
  }
  return verdict.frames
}

function standingOf(bare: BareSocket, breaks: boolean, asksAnother: boolean, isWhole: boolean) {
  // A ping may be answered before the other one has said what to close with.
  if (breaks && asksAnother) return bare.closeCode()
  return breaks || isWhole ? bare.standing() : bare.standingAfterEnd()
}
