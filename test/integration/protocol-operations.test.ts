import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { BareSocket, OPCODE } from '../support/bare-socket.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import {
  graphqlRequest,
  PUSH,
  type PublicError,
  push,
  untilOffline,
  untilOnline,
} from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

/** What PROTOCOL.md of graphql-ws says of operations: subscribe, next, error, complete. */

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(gateway)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

const subscribe = (id: string, query: string, variables?: object) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
})
const LISTEN = 'subscription ($to: [ID!]!) { messages(identifiers: $to) { payload } }'

describe('subscribe', () => {
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
