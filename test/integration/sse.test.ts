import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, PUSH, push, untilOffline, untilOnline } from '../support/graphql-request.ts'
import type { ReceivedMessage } from '../support/raw-client.ts'
import { SseClient } from '../support/sse-client.ts'

/** GraphQL over server-sent events, "distinct connections mode" of the graphql-sse protocol. */

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const LISTEN = `subscription Listen($to: [ID!]!, $after: [String!]) {
  messages(identifiers: $to, after: $after) { id identifier payload cursor redelivered missed trigger sessionId }
}`
type Result = { messages: ReceivedMessage }

async function open(query: string, variables?: Record<string, unknown>): Promise<SseClient> {
  const client = await SseClient.open(gateway, query, variables)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

/** There is no live ping over SSE: presence says when the subscription is there. */
async function listen(to: string, after?: readonly string[]): Promise<SseClient> {
  const client = await open(LISTEN, { to: [to], after })
  await untilOnline(gateway, to)
  return client
}

test('messages arrive as they were pushed, in order', async () => {
  const to = randomUUID()
  const client = await listen(to)
  expect([client.status, client.contentType]).toEqual([200, expect.stringMatching(/^text\/event-stream/)])
  const payloads = [
    1,
    'two\nlines\r\nand\r\n\r\nmore',
    { ü: ['😀', '\u2028'] },
    '',
    'data: x\n\nevent: complete\n\n',
  ]
  for (const payload of payloads) {
    const { id } = await push(gateway, { to: [to], payload })
    const { data } = await client.next<Result>()
    expect(data?.messages).toMatchObject({
      id,
      identifier: to,
      payload,
      trigger: 'HTTP',
      redelivered: false,
      missed: 0,
    })
  }
})

test('hundreds of messages, pushed without a pause, arrive once each, in order', async () => {
  const to = randomUUID()
  const client = await listen(to)
  const payloads = Array.from({ length: 500 }, (_, n) => n)
  for (const payload of payloads) await push(gateway, { to: [to], payload })
  const got: unknown[] = []
  while (got.length < payloads.length) got.push((await client.next<Result>()).data?.messages.payload)
  expect(got).toEqual(payloads)
})

test('each listener of an identifier gets each message, whatever else they ask for', async () => {
  const to = randomUUID()
  const [one, other] = [
    await listen(to),
    await open(`subscription { messages(identifiers: "${to}") { p: payload } }`),
  ]
  const online = `{ presence(identifiers: "${to}") { subscriptions } }`
  await expect
    .poll(async () => (await graphqlRequest(gateway, online)).data?.presence, { timeout: 20_000 })
    .toEqual([{ subscriptions: 2 }])
  await push(gateway, { to: [to], payload: 'all' })
  expect((await one.next<Result>()).data?.messages.payload).toBe('all')
  expect(await other.next()).toEqual({ data: { messages: { p: 'all' } } })
})

test('a push to everyone arrives under the identifier *', async () => {
  const client = await listen(randomUUID())
  await push(gateway, { everyone: true, payload: 'all' })
  expect((await client.next<Result>()).data?.messages).toMatchObject({ identifier: '*', payload: 'all' })
})

test('a listener that comes with its last cursor gets what it missed', async () => {
  const to = randomUUID()
  const first = await listen(to)
  await push(gateway, { to: [to], payload: 'seen' })
  const cursor = (await first.next<Result>()).data?.messages.cursor ?? ''
  await first[Symbol.asyncDispose]()
  await untilOffline(gateway, to)
  await push(gateway, { to: [to], payload: 'missed' })
  const second = await listen(to, [cursor])
  expect((await second.next<Result>()).data?.messages).toMatchObject({ payload: 'missed', missed: 0 })
})

test('a listener that goes away is offline', async () => {
  const to = randomUUID()
  const client = await listen(to)
  await client[Symbol.asyncDispose]()
  await untilOffline(gateway, to)
  expect((await push(gateway, { to: [to], payload: 1 })).offline).toEqual([to])
})

test('EventSource can listen: the operation goes in the address of a GET', async () => {
  const to = randomUUID()
  const address = new URL(gateway.graphqlUrl)
  address.searchParams.set('query', LISTEN)
  address.searchParams.set('variables', JSON.stringify({ to: [to] }))
  await using client = await SseClient.request(address.href)
  await untilOnline(gateway, to)
  await push(gateway, { to: [to], payload: 'by GET' })
  expect((await client.next<Result>()).data?.messages.payload).toBe('by GET')
})

test('a query and a mutation answer one next, then complete, then the response ends', async () => {
  const query = await open('{ __typename }')
  expect(await query.next()).toEqual({ data: { __typename: 'Query' } })
  await query.expect('complete')
  expect(await query.ended()).toEqual([])
  const mutation = await open(PUSH, { input: { to: [randomUUID()], payload: 1 } })
  expect(await mutation.next()).toMatchObject({ data: { push: { accepted: 1 } } })
  await mutation.expect('complete')
  expect(await mutation.ended()).toEqual([])
})

test('a mutation is not run by GET', async () => {
  const to = randomUUID()
  const address = new URL(gateway.graphqlUrl)
  address.searchParams.set('query', `mutation { push(input: { to: "${to}", payload: 1 }) { id } }`)
  const response = await fetch(address, { headers: { accept: 'text/event-stream' } })
  await response.text()
  const inbox = await graphqlRequest(gateway, `{ inbox(identifier: "${to}") { id } }`)
  expect(inbox.data).toEqual({ inbox: [] })
})

test.each([
  ['an identifier that cannot be', LISTEN, { to: [''] }],
  ['a malformed cursor', LISTEN, { to: ['a'], after: ['x'] }],
  ['a variable that is missing', LISTEN, {}],
  ['a field that does not exist', 'subscription { nowhere }', {}],
  ['a document that cannot be parsed', 'subscription {', {}],
])('%s is an error with its code, and the response ends', async (_what, query, variables) => {
  const client = await open(query, variables)
  const { errors, data } = await client.next()
  expect(errors).toMatchObject([{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT' } }])
  expect(data ?? null).toBeNull()
  await client.expect('complete')
  expect(await client.ended()).toEqual([])
})

test('a listener that an operator disconnects gets an error, and the response ends', async () => {
  const to = randomUUID()
  const client = await listen(to)
  const answer = await graphqlRequest(
    gateway,
    `mutation { disconnect(identifiers: "${to}", reason: "moved out") }`,
  )
  expect(answer.data).toEqual({ disconnect: 1 })
  expect((await client.next()).errors).toMatchObject([
    { message: 'moved out', extensions: { code: 'FORBIDDEN' } },
  ])
  await client.expect('complete')
  expect(await client.ended()).toEqual([])
  await untilOffline(gateway, to)
})

test('a replica that stops ends its listeners', async () => {
  await using leaving = await startTestGateway()
  await using client = await SseClient.open(leaving, LISTEN, { to: ['alice'] })
  await untilOnline(leaving, 'alice')
  await leaving.replica.stop(0)
  await client.ended()
})

test('other subscriptions work over SSE too', async () => {
  const to = randomUUID()
  const client = await open(`subscription { presence(identifiers: "${to}") { online } }`)
  expect(await client.next()).toEqual({ data: { presence: { online: false } } })
  const listener = await listen(to)
  expect(await client.next()).toEqual({ data: { presence: { online: true } } })
  await listener[Symbol.asyncDispose]()
  expect(await client.next()).toEqual({ data: { presence: { online: false } } })
})
