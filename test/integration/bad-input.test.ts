import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest, PUSH, type PublicError, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { TRANSPORTS } from '../support/transports.ts'

/** What cannot be is refused with a code, on its own operation, over every transport; everybody else goes on. */

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ maxSubscriptionsPerSession: 5 })
})
afterAll(() => gateway[Symbol.asyncDispose]())

const LISTEN = `subscription Listen($to: [ID!]!, $after: [String!]) {
  messages(identifiers: $to, after: $after) { payload }
}`
const PRESENCE = 'query Presence($identifiers: [ID!]!) { presence(identifiers: $identifiers) { online } }'
const INBOX =
  'query Inbox($identifier: ID!, $last: Int, $before: String) { inbox(identifier: $identifier, last: $last, before: $before) { id } }'

interface BadOperation {
  readonly what: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** Default: BAD_USER_INPUT. */
  readonly code?: string
}

const badPush = (what: string, input: object, code?: string): BadOperation => ({
  what: `a push with ${what}`,
  query: PUSH,
  variables: { input },
  ...(code ? { code } : {}),
})

const CANNOT_BE: readonly [string, string][] = [
  ['an empty identifier', ''],
  ['the identifier *', '*'],
  ['an identifier of 257 bytes', 'a'.repeat(257)],
  ['an identifier of 129 characters in 258 bytes', 'é'.repeat(129)],
  ['an identifier that is not well-formed', 'a\ud800'],
]

const many = (count: number) => Array.from({ length: count }, (_, n) => `many-${n}`)

const OPERATIONS: readonly BadOperation[] = [
  { what: 'no operation', query: '' },
  { what: 'a document that breaks off', query: 'mutation { push(' },
  { what: 'a field that does not exist', query: '{ presence(identifiers: ["a"]) { online nowhere } }' },
  { what: 'a root field that does not exist', query: 'subscription { nowhere }' },
  {
    what: 'an argument that does not exist',
    query: '{ presence(identifiers: ["a"], nowhere: 1) { online } }',
  },
  { what: 'an argument that is missing', query: '{ presence { online } }' },
  { what: 'a fragment that does not exist', query: '{ ...Nowhere }' },
  { what: 'a variable that is missing', query: LISTEN },
  { what: 'a variable that is not declared', query: 'subscription { messages(identifiers: $to) { id } }' },
  { what: 'identifiers that are objects', query: LISTEN, variables: { to: [{ id: 'a' }] } },
  { what: 'identifiers that are null', query: LISTEN, variables: { to: null } },
  { what: 'an identifier that is null', query: LISTEN, variables: { to: ['a', null] } },
  {
    what: 'a root field of a subscription with @skip',
    query: 'subscription { messages(identifiers: ["a"]) @skip(if: false) { id } }',
  },
  badPush('an input field that does not exist', { to: ['a'], payload: 1, nowhere: 1 }),
  badPush('no payload', { to: ['a'] }),
  badPush('null for payload', { to: ['a'], payload: null }),
  badPush('true for an identifier', { to: [true], payload: 1 }),
  badPush('text for delaySeconds', { to: ['a'], payload: 1, delaySeconds: 'soon' }),
  badPush('a fraction for ttlSeconds', { to: ['a'], payload: 1, ttlSeconds: 0.5 }),
  badPush('a negative delaySeconds', { to: ['a'], payload: 1, delaySeconds: -1 }),
  badPush('a negative ttlSeconds', { to: ['a'], payload: 1, ttlSeconds: -1 }),
  badPush('a delay of many years', { to: ['a'], payload: 1, delaySeconds: 2_000_000_000 }),
  badPush('an empty id', { to: ['a'], payload: 1, id: '' }),
  badPush('an id of 129 bytes', { to: ['a'], payload: 1, id: 'a'.repeat(129) }),
  badPush('an id that is not well-formed', { to: ['a'], payload: 1, id: '\udfff' }),
  badPush('empty to', { to: [], payload: 1 }),
  badPush('neither to nor everyone', { payload: 1 }),
  badPush('both to and everyone', { to: ['a'], everyone: true, payload: 1 }),
  badPush('10,001 recipients', { to: many(10_001), payload: 1 }, 'TOO_MANY_RECIPIENTS'),
  badPush('a payload of 1 MB', { to: ['a'], payload: 'x'.repeat(1_000_000) }, 'PAYLOAD_TOO_LARGE'),
  badPush(
    'a payload one byte over the limit',
    { to: ['a'], payload: 'x'.repeat(65_536 - 1) },
    'PAYLOAD_TOO_LARGE',
  ),
  badPush(
    'a payload over the limit in UTF-8 only',
    { to: ['a'], payload: 'é'.repeat(40_000) },
    'PAYLOAD_TOO_LARGE',
  ),
  ...CANNOT_BE.flatMap(([what, identifier]): BadOperation[] => [
    badPush(what, { to: ['good', identifier], payload: 1 }),
    { what: `a subscription to ${what}`, query: LISTEN, variables: { to: ['good', identifier] } },
    { what: `presence of ${what}`, query: PRESENCE, variables: { identifiers: [identifier] } },
    {
      what: `a watch over ${what}`,
      query: 'subscription ($ids: [ID!]!) { presence(identifiers: $ids) { online } }',
      variables: { ids: [identifier] },
    },
    { what: `the inbox of ${what}`, query: INBOX, variables: { identifier } },
    {
      what: `the endpoint for ${what}`,
      query: 'query ($id: ID) { endpoint(identifier: $id) { url } }',
      variables: { id: identifier },
    },
    {
      what: `sessions of ${what}`,
      query: 'query ($id: ID) { sessions(identifier: $id) { totalCount } }',
      variables: { id: identifier },
    },
    {
      what: `disconnecting ${what}`,
      query: 'mutation ($ids: [ID!]!) { disconnect(identifiers: $ids) }',
      variables: { ids: [identifier] },
    },
  ]),
  ...CANNOT_BE.filter(([, identifier]) => identifier !== '*').map(([what, identifier]) => ({
    what: `acknowledging for ${what}`,
    query: 'mutation ($id: ID!) { acknowledge(messageId: "m", identifier: $id) }',
    variables: { id: identifier },
  })),
  { what: 'a subscription to nothing', query: LISTEN, variables: { to: [] } },
  { what: 'a subscription to 101 identifiers', query: LISTEN, variables: { to: many(101) } },
  ...['', 'nonsense', '....', 'a.b.c', '*', '\ud800', 'x'.repeat(5_000)].map((cursor) => ({
    what: `a subscription after ${JSON.stringify(cursor.slice(0, 20))}`,
    query: LISTEN,
    variables: { to: ['a'], after: [cursor] },
  })),
  { what: 'presence of nothing', query: PRESENCE, variables: { identifiers: [] } },
  { what: 'the last 0 of an inbox', query: INBOX, variables: { identifier: 'a', last: 0 } },
  { what: 'the last million of an inbox', query: INBOX, variables: { identifier: 'a', last: 1_000_000 } },
  { what: 'an inbox before no cursor', query: INBOX, variables: { identifier: 'a', before: 'nonsense' } },
  { what: 'no sessions at all', query: '{ sessions(first: 0) { totalCount } }' },
  { what: 'a million sessions', query: '{ sessions(first: 1000000) { totalCount } }' },
  {
    what: 'the live receipt of a push that never was',
    query: 'subscription { receipt(pushId: "never") { sent } }',
    code: 'NOT_FOUND',
  },
]

/** The errors of each way to the same answer. */
const SENDERS = Object.entries(TRANSPORTS).map(
  ([transport, send]) =>
    [
      transport,
      async (operation: BadOperation, socket: RawClient) =>
        (await send(gateway, operation, socket)).errors ?? [],
    ] as const,
)

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(gateway)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

/** A subscription on this socket, and proof when asked that it still receives. */
async function witness(client: RawClient): Promise<() => Promise<void>> {
  const [id, identifier] = [randomUUID(), randomUUID()]
  await client.subscribe(id, [identifier])
  return async () => {
    const payload = randomUUID()
    await push(gateway, { to: [identifier], payload })
    expect(await client.nextMessage(id)).toMatchObject({ payload, redelivered: false, missed: 0 })
  }
}

describe.each(SENDERS)('over %s', (transport, send) => {
  let [socket, elsewhere]: RawClient[] = []
  let witnesses: (() => Promise<void>)[] = []
  beforeAll(async () => {
    socket = await RawClient.connect(gateway)
    elsewhere = await RawClient.connect(gateway)
    witnesses = [await witness(socket), await witness(elsewhere)]
  })
  afterAll(async () => {
    await Promise.all([socket?.[Symbol.asyncDispose](), elsewhere?.[Symbol.asyncDispose]()])
  })

  // A subscription that must not begin has no answer over plain HTTP; over the others it does.
  const operations = OPERATIONS.filter(({ query }) => transport !== 'HTTP' || !/^\s*subscription/.test(query))

  test.each(operations)('$what is refused with its code, and the others go on', async (operation) => {
    const errors = await send(operation, socket as RawClient)
    expect(errors.length).toBeGreaterThan(0)
    for (const { message, extensions } of errors) {
      expect(extensions?.code).toBe(operation.code ?? 'BAD_USER_INPUT')
      // A message fit to be read: it neither quotes a novel nor gives us away.
      expect(message).toMatch(/^\S.{5,600}$/s)
      expect(JSON.stringify(extensions)).not.toMatch(/node_modules|\.ts:|stacktrace/)
    }
    for (const receives of witnesses) await receives()
  })

  test('what is just within the limits is taken', async () => {
    const identifiers = [
      'a'.repeat(256),
      'é'.repeat(128),
      '😀'.repeat(64),
      ' ',
      'null',
      '__proto__',
      '**',
      'a b\n"\\',
    ]
    const input = { to: identifiers, payload: 'x'.repeat(65_536 - 2), id: randomUUID().padEnd(128, '-') }
    expect(await send({ what: '', query: PUSH, variables: { input } }, socket as RawClient)).toEqual([])
    const wide = { to: many(10_000), payload: 1 }
    expect(await send({ what: '', query: PUSH, variables: { input: wide } }, socket as RawClient)).toEqual([])
    for (const receives of witnesses) await receives()
  })
})

test('nothing of a push that was refused is stored', async () => {
  const to = randomUUID()
  for (const input of [
    { to: [to, ''], payload: 1 },
    { to: [to], payload: 'x'.repeat(70_000) },
    { to: [to, ...many(10_000)], payload: 1 },
  ]) {
    expect((await graphqlRequest(gateway, PUSH, { input })).data).toBeNull()
  }
  expect((await graphqlRequest(gateway, INBOX, { identifier: to })).data).toEqual({ inbox: [] })
})

describe('limits of a session', () => {
  test('one subscription too many is refused; when another ends there is room again', async () => {
    const client = await connect()
    const receives = await witness(client)
    for (let n = 2; n <= 5; n++) await client.subscribe(`s${n}`, ['alice'])
    const refused = await client.request('s6', LISTEN, { to: ['alice'] })
    expect(codesOf(refused)).toEqual(['BAD_USER_INPUT'])
    await receives()
    client.send({ id: 's5', type: 'complete' })
    await client.fence()
    await client.subscribe('s6', ['alice'])
    await receives()
  })

  test('other subscriptions count too', async () => {
    const client = await connect()
    const query = 'subscription { replicas { id } }'
    for (let n = 1; n <= 5; n++) {
      client.send({ id: `s${n}`, type: 'subscribe', payload: { query } })
      await client.expect('next', `s${n}`)
    }
    expect(codesOf(await client.request('s6', query))).toEqual(['BAD_USER_INPUT'])
    expect(codesOf(await client.request('s7', LISTEN, { to: ['alice'] }))).toEqual(['BAD_USER_INPUT'])
    expect((await client.request('query', '{ __typename }')).data).toEqual({ __typename: 'Query' })
  })
})

describe('cursors', () => {
  test('of another identifier, and two of one, are refused', async () => {
    const client = await connect()
    const [alice, bob] = [randomUUID(), randomUUID()]
    await client.subscribe('both', [alice, bob])
    await push(gateway, { to: [alice], payload: 1 })
    const { cursor } = await client.nextMessage('both')
    for (const [to, after] of [
      [[bob], [cursor]],
      [
        [alice, bob],
        [cursor, cursor],
      ],
    ]) {
      expect(codesOf(await client.request(randomUUID(), LISTEN, { to, after }))).toEqual(['BAD_USER_INPUT'])
    }
  })

  test('with an offset that cannot be are refused, and those beyond the tip do no harm', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('first', [to])
    await push(gateway, { to: [to], payload: 1 })
    const { cursor } = await client.nextMessage('first')
    const withOffset = (offset: string) => cursor.replace(/\d+$/, offset)
    expect(withOffset('1')).toBe(cursor)
    for (const offset of ['-1', '1.5', '1e3', '99999999999999999999', 'NaN', '']) {
      const answer = await client.request(randomUUID(), LISTEN, { to: [to], after: [withOffset(offset)] })
      expect(codesOf(answer), offset).toEqual(['BAD_USER_INPUT'])
    }
    // Of another epoch, as far as anybody can tell: all that is retained comes, and how much was missed is unknown.
    await client.subscribe('beyond', [to], [withOffset('1000')])
    expect(await client.nextMessage('beyond')).toMatchObject({ payload: 1, missed: null })
    await push(gateway, { to: [to], payload: 'new' })
    expect(await client.nextMessage('beyond')).toMatchObject({ payload: 'new', missed: 0 })
    expect(await client.nextMessage('first')).toMatchObject({ payload: 'new', missed: 0 })
  })
})

describe('documents and values without end', () => {
  const deep = 100_000
  test.each([
    ['a selection', `${'{ a '.repeat(deep)}${'}'.repeat(deep)}`],
    ['a list', `{ presence(identifiers: ${'['.repeat(deep)}${']'.repeat(deep)}) { online } }`],
    ['a list type', `query ($x: ${'['.repeat(deep)}ID${']'.repeat(deep)}) { __typename }`],
  ])('%s that is nested 100,000 deep is refused over all transports', async (_what, query) => {
    const client = await connect()
    const receives = await witness(client)
    for (const [, send] of SENDERS) {
      const errors = await send({ what: '', query }, client)
      expect(errors.map(({ extensions }) => extensions?.code)).toEqual(['BAD_USER_INPUT'])
    }
    await receives()
  })

  test('a payload that is nested too deep is refused; the deepest that is taken arrives', async () => {
    const client = await connect()
    const receives = await witness(client)
    const to = randomUUID()
    await client.subscribe('deep', [to])
    const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown
    const answer = await client.request('100', PUSH, { input: { to: [to], payload: nested(100) } })
    expect(answer.errors).toBeUndefined()
    expect((await client.nextMessage('deep')).payload).toEqual(nested(100))
    // As text: our own JSON.stringify has the same limits.
    const text = `{"query":${JSON.stringify(PUSH)},"variables":{"input":{"to":["${to}"],"payload":${'['.repeat(20_000)}${']'.repeat(20_000)}}}}`
    client.send(`{"id":"20000","type":"subscribe","payload":${text}}`)
    const { payload } = await client.expect('next', '20000')
    const codes = codesOf(payload as { errors?: PublicError[] })
    expect(codes).toEqual(['BAD_USER_INPUT'])
    await receives()
  })
})
