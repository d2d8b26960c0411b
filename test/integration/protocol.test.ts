import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { BareSocket } from '../support/bare-socket.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { isOnline, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient, type RawClientOptions } from '../support/raw-client.ts'

/** What PROTOCOL.md of graphql-ws says of the connection; of operations, see protocol-operations.test.ts. */

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

  test('that has not come before a subscribe closes the socket with 4401', async () => {
    const client = await open()
    client.send({ id: 'early', type: 'subscribe', payload: { query: '{ __typename }' } })
    expect(await client.closed()).toEqual({ code: 4401, reason: 'Unauthorized' })
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
