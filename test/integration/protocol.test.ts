import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { BareSocket, OPCODE } from '../support/bare-socket.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import {
  graphqlRequest,
  isOnline,
  PUSH,
  type PublicError,
  push,
  untilOffline,
  untilOnline,
} from '../support/graphql-request.ts'
import { RawClient, type RawClientOptions } from '../support/raw-client.ts'

/** Every rule of graphql-ws's PROTOCOL.md, in its order. */

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

async function open(options?: RawClientOptions): Promise<RawClient> {
  const client = await RawClient.open(gateway, options)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

async function connect(options?: RawClientOptions): Promise<RawClient> {
  const client = await RawClient.connect(gateway, options)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

const subscribe = (id: string, query: string, variables?: object) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
})
const LISTEN = 'subscription ($to: [ID!]!) { messages(identifiers: $to) { payload } }'

describe('the sub-protocol', () => {
  test('is graphql-transport-ws, also where the client offers others before it', async () => {
    const client = await open({ protocols: ['graphql-ws', 'graphql-transport-ws'] })
    expect(client.socket.protocol).toBe('graphql-transport-ws')
  })

  test('that is missing closes the socket with 4406', async () => {
    const client = await open({ protocols: [] })
    expect(await client.closed()).toMatchObject({ code: 4406, reason: 'Subprotocol not acceptable' })
  })

  test('that is another closes the socket with 4406', async () => {
    using bare = await BareSocket.open(gateway, 'graphql-ws')
    expect(await bare.closeCode()).toBe(4406)
  })
})

describe('connection_init', () => {
  test.each([
    ['without payload', {}],
    ['with payload null', { payload: null }],
    ['with an object as payload', { payload: { any: 'thing' } }],
  ])('%s is acknowledged, with an object as payload where there is one', async (_how, extra) => {
    const client = await open()
    client.send({ type: 'connection_init', ...extra })
    const { payload } = await client.expect('connection_ack')
    expect(
      payload === undefined || payload === null || (typeof payload === 'object' && !Array.isArray(payload)),
    ).toBe(true)
  })

  test('twice closes the socket with 4429', async () => {
    const client = await connect()
    client.send({ type: 'connection_init' })
    expect(await client.closed()).toEqual({ code: 4429, reason: 'Too many initialisation requests' })
  })

  test('twice before the first is acknowledged closes the socket with 4429', async () => {
    const client = await open()
    client.send({ type: 'connection_init' })
    client.send({ type: 'connection_init' })
    expect(await client.closed()).toMatchObject({ code: 4429 })
  })

  test('that does not come in time closes the socket with 4408', async () => {
    await using hasty = await startTestGateway({ initTimeoutSeconds: 1 })
    await using client = await RawClient.open(hasty)
    expect(await client.closed()).toEqual({ code: 4408, reason: 'Connection initialisation timeout' })
  })

  test('that came in time is not timed out', async () => {
    await using hasty = await startTestGateway({ initTimeoutSeconds: 1 })
    await using prompt = await RawClient.connect(hasty)
    await using late = await RawClient.open(hasty)
    await late.closed()
    await prompt.fence()
  })

  test('whose clientKey cannot be closes the socket with 4400 and says why', async () => {
    const client = await open()
    client.send({ type: 'connection_init', payload: { clientKey: 7 } })
    const closed = await client.closed()
    expect(closed.code).toBe(4400)
    expect(closed.reason).toContain('clientKey')
  })
})

describe('ping and pong', () => {
  test('a ping is answered with a pong that has its payload', async () => {
    const client = await connect()
    client.send({ type: 'ping', payload: { deep: [{ ü: '😀' }] } })
    expect(await client.expect('pong')).toEqual({ type: 'pong', payload: { deep: [{ ü: '😀' }] } })
  })

  test.each([{}, { payload: null }])('a ping with %j for payload is answered with a pong', async (extra) => {
    const client = await connect()
    client.send({ type: 'ping', ...extra })
    expect((await client.expect('pong')).payload ?? null).toBeNull()
  })

  test('a ping is answered before the connection is initialised too', async () => {
    const client = await open()
    client.send({ type: 'ping' })
    await client.expect('pong')
  })

  test.each([
    {},
    { payload: null },
    { payload: { any: 1 } },
    { payload: { ack: 7 } },
    { payload: { ack: 'x', session: 1 } },
  ])('an unsolicited pong with %j is fine, before and after the acknowledgement', async (extra) => {
    const client = await open()
    client.send({ type: 'pong', ...extra })
    client.send({ type: 'connection_init' })
    await client.expect('connection_ack')
    client.send({ type: 'pong', ...extra })
    await client.fence()
  })

  test('pings of the server have an object as payload, and their echo counts as receipt', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('listen', [to])
    const { id } = await push(gateway, { to: [to], payload: 1 })
    await client.nextMessage('listen')
    const ping = await client.expect('ping')
    expect(ping.payload).toMatchObject({ ack: expect.any(Number) })
    await expect
      .poll(
        async () => {
          const answer = await client.request(randomUUID(), `{ receipt(pushId: "${id}") { delivered } }`)
          return answer.data?.receipt
        },
        { timeout: 20_000 },
      )
      .toEqual({ delivered: 1 })
  })

  test('a client that answers no protocol ping goes on to receive', async () => {
    const client = await connect({ echo: false })
    const to = randomUUID()
    await client.subscribe('listen', [to])
    for (let n = 0; n < 3; n++) {
      await push(gateway, { to: [to], payload: n })
      expect((await client.nextMessage('listen')).payload).toBe(n)
    }
  })
})

describe('subscribe', () => {
  test('before connection_init closes the socket with 4401', async () => {
    const client = await open()
    client.send(subscribe('early', '{ __typename }'))
    expect(await client.closed()).toEqual({ code: 4401, reason: 'Unauthorized' })
  })

  test('with the id of a live subscription closes the socket with 4409', async () => {
    const client = await connect()
    await client.subscribe('same', [randomUUID()])
    client.send(subscribe('same', LISTEN, { to: [randomUUID()] }))
    expect(await client.closed()).toEqual({ code: 4409, reason: 'Subscriber for same already exists' })
  })

  test('with the id of a live subscription closes the socket with 4409 for a query too', async () => {
    const client = await connect()
    await client.subscribe('same', [randomUUID()])
    client.send(subscribe('same', '{ __typename }'))
    expect(await client.closed()).toMatchObject({ code: 4409 })
  })

  test('twice at once with one id closes the socket with 4409', async () => {
    using bare = await BareSocket.connect(gateway)
    bare.socket.cork()
    bare.sendText(subscribe('same', LISTEN, { to: [randomUUID()] }))
    bare.sendText(subscribe('same', LISTEN, { to: [randomUUID()] }))
    bare.socket.uncork()
    expect(await bare.closeCode()).toBe(4409)
  })

  test('may use an id again after the client completed it', async () => {
    const client = await connect()
    const [first, second] = [randomUUID(), randomUUID()]
    await client.subscribe('again', [first])
    client.send({ id: 'again', type: 'complete' })
    await client.subscribe('again', [second])
    await push(gateway, { to: [first], payload: 'old' })
    await push(gateway, { to: [second], payload: 'new' })
    expect((await client.nextMessage('again')).payload).toBe('new')
  })

  test('may use an id again at once: the end of the one operation is not taken for that of the other', async () => {
    using bare = await BareSocket.connect(gateway)
    const [first, second] = [randomUUID(), randomUUID()]
    bare.sendText(subscribe('again', LISTEN, { to: [first] }))
    await untilOnline(gateway, first)
    bare.socket.cork()
    bare.sendText({ id: 'again', type: 'complete' })
    bare.sendText(subscribe('again', LISTEN, { to: [second] }))
    bare.socket.uncork()
    await untilOffline(gateway, first)
    await untilOnline(gateway, second)
    await push(gateway, { to: [second], payload: 'new' })
    const message = await bare.expectText((type) => type === 'next' || type === 'complete')
    expect(message).toEqual({
      id: 'again',
      type: 'next',
      payload: { data: { messages: { payload: 'new' } } },
    })
    bare.sendText({ id: 'again', type: 'complete' })
    await untilOffline(gateway, second)
  })

  test('may use an id again that was completed before it was live: only the last operation remains', async () => {
    using bare = await BareSocket.connect(gateway)
    const [first, second] = [randomUUID(), randomUUID()]
    bare.socket.cork()
    bare.sendText(subscribe('again', LISTEN, { to: [first] }))
    bare.sendText({ id: 'again', type: 'complete' })
    bare.sendText(subscribe('again', LISTEN, { to: [second] }))
    bare.socket.uncork()
    await untilOnline(gateway, second)
    await untilOffline(gateway, first)
    await push(gateway, { to: [first], payload: 'old' })
    await push(gateway, { to: [second], payload: 'new' })
    const message = await bare.expectText((type) => type === 'next' || type === 'complete')
    expect(message).toEqual({
      id: 'again',
      type: 'next',
      payload: { data: { messages: { payload: 'new' } } },
    })
    bare.sendText({ id: 'again', type: 'complete' })
    await untilOffline(gateway, second)
  })

  test('with an id used again, right before the client goes, leaves nothing behind', async () => {
    const [first, second] = [randomUUID(), randomUUID()]
    for (let n = 0; n < 20; n++) {
      using bare = await BareSocket.connect(gateway)
      bare.socket.cork()
      bare.sendText(subscribe('again', LISTEN, { to: [first] }))
      bare.sendText({ id: 'again', type: 'complete' })
      bare.sendText(subscribe('again', LISTEN, { to: [second] }))
      bare.send({ opcode: OPCODE.CLOSE })
      bare.socket.uncork()
      await bare.ended()
    }
    await untilOffline(gateway, first)
    await untilOffline(gateway, second)
    const online = await graphqlRequest(gateway, `{ sessions(identifier: "${second}") { totalCount } }`)
    expect(online.data).toEqual({ sessions: { totalCount: 0 } })
  })

  test('may use an id again after the server completed it', async () => {
    const client = await connect()
    for (let n = 0; n < 3; n++) {
      expect(await client.request('again', '{ __typename }')).toEqual({ data: { __typename: 'Query' } })
    }
  })

  test('may use an id again after it ended with an error', async () => {
    const client = await connect()
    expect((await client.request('again', '{ nowhere }')).errors).toHaveLength(1)
    expect((await client.request('again', '{ __typename }')).data).toEqual({ __typename: 'Query' })
  })

  test('takes the same id on another socket as another operation', async () => {
    const [one, other] = [await connect(), await connect()]
    const to = randomUUID()
    await one.subscribe('1', [to])
    await other.subscribe('1', [to])
    await push(gateway, { to: [to], payload: 'both' })
    expect((await one.nextMessage('1')).payload).toBe('both')
    expect((await other.nextMessage('1')).payload).toBe('both')
  })

  test('runs the operation that operationName says', async () => {
    const client = await connect()
    const query = 'query A { a: __typename } query B { b: __typename }'
    client.send({ id: 'named', type: 'subscribe', payload: { query, operationName: 'B' } })
    expect((await client.expect('next', 'named')).payload).toEqual({ data: { b: 'Query' } })
  })

  test('takes null and extensions where the protocol allows them', async () => {
    const client = await connect()
    const payload = {
      query: '{ __typename }',
      operationName: null,
      variables: null,
      extensions: { some: 'thing' },
    }
    client.send({ id: 'nulls', type: 'subscribe', payload })
    expect((await client.expect('next', 'nulls')).payload).toEqual({ data: { __typename: 'Query' } })
    client.send({ id: 'nulls2', type: 'subscribe', payload: { ...payload, extensions: null } })
    expect((await client.expect('next', 'nulls2')).payload).toEqual({ data: { __typename: 'Query' } })
  })

  test('takes any text as id', async () => {
    const client = await connect()
    const to = randomUUID()
    for (const id of ['"quoted"\\', '😀 ü\u2028\n', '__proto__', 'constructor', ' ']) {
      await client.subscribe(id, [to])
      await push(gateway, { to: [to], payload: id })
      expect((await client.nextMessage(id)).payload).toBe(id)
      client.send({ id, type: 'complete' })
    }
  })
})

describe('next', () => {
  test('runs several operations on one socket, each under its id', async () => {
    const client = await connect()
    const [alice, bob] = [randomUUID(), randomUUID()]
    await client.subscribe('alice', [alice])
    await client.subscribe('bob', [bob])
    await client.subscribe('both', [alice, bob])
    await push(gateway, { to: [alice], payload: 'to alice' })
    await push(gateway, { to: [bob], payload: 'to bob' })
    expect((await client.nextMessage('alice')).payload).toBe('to alice')
    expect((await client.nextMessage('bob')).payload).toBe('to bob')
    const got = [await client.nextMessage('both'), await client.nextMessage('both')]
    expect(got.map(({ identifier, payload }) => [identifier, payload])).toEqual([
      [alice, 'to alice'],
      [bob, 'to bob'],
    ])
    await client.fence()
    expect([client.left('alice'), client.left('bob'), client.left('both')]).toEqual([[], [], []])
  })

  test('answers a query with one next, then complete', async () => {
    const client = await connect()
    client.send(subscribe('query', '{ presence(identifiers: ["nobody"]) { online } }'))
    expect((await client.expect('next', 'query')).payload).toEqual({
      data: { presence: [{ online: false }] },
    })
    await client.expect('complete', 'query')
    await client.fence()
    expect(client.left('query')).toEqual([])
  })

  test('answers a mutation with one next, then complete, while subscriptions go on', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('listen', [to])
    const answer = await client.request('push', PUSH, {
      input: { to: [to], payload: { from: 'the same socket' } },
    })
    expect(answer.data?.push).toMatchObject({ accepted: 1, offline: [] })
    expect(await client.nextMessage('listen')).toMatchObject({
      payload: { from: 'the same socket' },
      trigger: 'WEBSOCKET',
      redelivered: false,
      missed: 0,
    })
  })

  test('carries the errors of fields that were executed, and complete follows', async () => {
    const client = await connect()
    client.send(subscribe('field', PUSH, { input: { to: [], payload: 1 } }))
    const { payload } = await client.expect('next', 'field')
    expect(payload).toMatchObject({
      data: null,
      errors: [{ path: ['push'], extensions: { code: 'BAD_USER_INPUT' } }],
    })
    await client.expect('complete', 'field')
  })

  test('keeps any payload as it is', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('listen', [to])
    const payloads = [
      true,
      0,
      -1.5e-7,
      '',
      'ü😀\u2028\u0000"\\',
      [],
      {},
      { a: [{ 'b"': null }] },
      'x'.repeat(60_000),
    ]
    for (const payload of payloads) {
      await push(gateway, { to: [to], payload })
      expect((await client.nextMessage('listen')).payload).toEqual(payload)
    }
  })
})

describe('error', () => {
  test.each([
    ['a document that cannot be parsed', '{', undefined],
    ['a field that does not exist', 'subscription { nowhere }', undefined],
    ['no document at all', '', undefined],
    ['a variable that is missing', LISTEN, undefined],
    ['a variable of the wrong type', LISTEN, { to: [{}] }],
    ['an identifier that cannot be', LISTEN, { to: [''] }],
    ['two root fields', 'subscription { messages(identifiers: "a") { id } replicas { id } }', undefined],
  ])(
    'ends an operation with %s; no complete follows, and the socket stays',
    async (_what, query, variables) => {
      const client = await connect()
      const to = randomUUID()
      await client.subscribe('witness', [to])
      client.send(subscribe('bad', query, variables))
      const { payload } = await client.expect('error', 'bad')
      const errors = payload as PublicError[]
      expect(errors.length).toBeGreaterThan(0)
      for (const error of errors) {
        expect(error.message).toEqual(expect.any(String))
        expect(error.extensions?.code).toBe('BAD_USER_INPUT')
      }
      await push(gateway, { to: [to], payload: 'on' })
      expect((await client.nextMessage('witness')).payload).toBe('on')
      await client.fence()
      expect(client.left('bad')).toEqual([])
    },
  )

  test('ends an operation whose operationName names none', async () => {
    const client = await connect()
    client.send({
      id: 'bad',
      type: 'subscribe',
      payload: { query: 'query A { __typename }', operationName: 'B' },
    })
    const { payload } = await client.expect('error', 'bad')
    expect(payload).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    await client.fence()
    expect(client.left('bad')).toEqual([])
  })
})

describe('complete', () => {
  test('by the client ends the subscription and nothing else', async () => {
    const client = await connect()
    const [one, other] = [randomUUID(), randomUUID()]
    await client.subscribe('one', [one])
    await client.subscribe('other', [other])
    client.send({ id: 'one', type: 'complete' })
    await untilOffline(gateway, one)
    await push(gateway, { to: [one], payload: 'too late' })
    await push(gateway, { to: [other], payload: 'in time' })
    expect((await client.nextMessage('other')).payload).toBe('in time')
    await client.fence()
    expect(client.left('one')).toEqual([])
  })

  test('by the client before the result of a query keeps the result back', async () => {
    using bare = await BareSocket.connect(gateway)
    bare.socket.cork()
    bare.sendText(subscribe('hasty', '{ presence(identifiers: ["nobody"]) { online } }'))
    bare.sendText({ id: 'hasty', type: 'complete' })
    bare.socket.uncork()
    bare.sendText(subscribe('after', '{ presence(identifiers: ["nobody"]) { online } }'))
    expect(await bare.expectText((type) => type === 'next')).toMatchObject({ id: 'after' })
  })

  test.each(['never-was', 'was'])('of an operation that is no more is ignored (%s)', async (id) => {
    const client = await connect()
    await client.request('was', '{ __typename }')
    client.send({ id, type: 'complete' })
    client.send({ id, type: 'complete' })
    await client.fence()
    expect(client.left(id)).toEqual([])
  })

  test('that arrives with the subscribe leaves nothing behind', async () => {
    const client = await connect()
    const to = randomUUID()
    client.send(subscribe('brief', LISTEN, { to: [to] }))
    client.send({ id: 'brief', type: 'complete' })
    await client.fence()
    await untilOffline(gateway, to)
    expect((await push(gateway, { to: [to], payload: 1 })).offline).toEqual([to])
    await client.fence()
    expect(client.left('brief')).toEqual([])
  })
})

describe('an invalid message', () => {
  const operation = { query: '{ __typename }' }
  const messages: [string, unknown][] = [
    ['text that is not JSON', '{"type":'],
    ['no text', ''],
    ['a proof that breaks off', '{"type":"pong","payload":{"ack":'],
    ['null', null],
    ['a number', 7],
    ['a string', '"ping"'],
    ['a list', [{ type: 'ping' }]],
    ['no type', { id: '1' }],
    ['an unknown type', { type: 'start', id: '1', payload: operation }],
    ['a type that is no text', { type: 7 }],
    ['a connection_ack, which only servers send', { type: 'connection_ack' }],
    ['a next, which only servers send', { type: 'next', id: '1', payload: {} }],
    ['an error, which only servers send', { type: 'error', id: '1', payload: [{ message: 'no' }] }],
    ['a subscribe without id', { type: 'subscribe', payload: operation }],
    ['a subscribe with an empty id', { type: 'subscribe', id: '', payload: operation }],
    ['a subscribe with a number for id', { type: 'subscribe', id: 1, payload: operation }],
    ['a subscribe without payload', { type: 'subscribe', id: '1' }],
    ['a subscribe with null for payload', { type: 'subscribe', id: '1', payload: null }],
    ['a subscribe with text for payload', { type: 'subscribe', id: '1', payload: '{ __typename }' }],
    ['a subscribe without query', { type: 'subscribe', id: '1', payload: {} }],
    ['a subscribe whose query is no text', { type: 'subscribe', id: '1', payload: { query: 7 } }],
    [
      'a subscribe whose variables are a list',
      { type: 'subscribe', id: '1', payload: { ...operation, variables: [] } },
    ],
    [
      'a subscribe whose variables are text',
      { type: 'subscribe', id: '1', payload: { ...operation, variables: '{}' } },
    ],
    [
      'a subscribe whose operationName is a number',
      { type: 'subscribe', id: '1', payload: { ...operation, operationName: 1 } },
    ],
    [
      'a subscribe whose extensions are a list',
      { type: 'subscribe', id: '1', payload: { ...operation, extensions: [] } },
    ],
    ['a complete without id', { type: 'complete' }],
    ['a complete with a number for id', { type: 'complete', id: 1 }],
    ['a ping with text for payload', { type: 'ping', payload: 'x' }],
    ['a ping with a list for payload', { type: 'ping', payload: [] }],
    ['a pong with text for payload', { type: 'pong', payload: 'x' }],
  ]

  test.each(messages)('(%s) closes the socket with 4400 and a reason', async (_what, message) => {
    const client = await connect()
    client.send(message)
    const closed = await client.closed()
    expect(closed.code).toBe(4400)
    expect(closed.reason).not.toBe('')
  })

  test.each<[string, unknown]>([
    ['text that is not JSON', 'hello'],
    ['an unknown type', { type: 'connection_start' }],
    ['text as payload of connection_init', { type: 'connection_init', payload: 'token' }],
    ['a list as payload of connection_init', { type: 'connection_init', payload: [] }],
  ])('(%s) closes the socket with 4400 before the acknowledgement too', async (_what, message) => {
    const client = await open()
    client.send(message)
    expect((await client.closed()).code).toBe(4400)
  })

  test('on one socket does nothing to another', async () => {
    const [bad, good] = [await connect(), await connect()]
    const to = randomUUID()
    await good.subscribe('listen', [to])
    bad.send('hello')
    await bad.closed()
    await push(gateway, { to: [to], payload: 'on' })
    expect((await good.nextMessage('listen')).payload).toBe('on')
  })
})

describe('closing', () => {
  test('by the client with 1000 is answered with 1000, and its subscriptions are over', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('listen', [to])
    expect(await isOnline(gateway, to)).toBe(true)
    client.socket.close(1000, 'Normal Closure')
    expect((await client.closed()).code).toBe(1000)
    await untilOffline(gateway, to)
  })

  test('by an operator gives each operation an error first, then closes with 4411', async () => {
    const client = await connect()
    const to = randomUUID()
    await client.subscribe('one', [to])
    await client.subscribe('other', [randomUUID()])
    const byHttp = await connect()
    const query = `mutation { disconnect(identifiers: ["${to}"], reason: "moved out") }`
    expect((await byHttp.request('disconnect', query)).data).toEqual({ disconnect: 1 })
    for (const id of ['one', 'other']) {
      expect((await client.expect('error', id)).payload).toMatchObject([
        { message: 'moved out', extensions: { code: 'FORBIDDEN' } },
      ])
    }
    expect(await client.closed()).toEqual({ code: 4411, reason: 'moved out' })
  })
})
