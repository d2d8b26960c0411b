import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Config } from '../../src/config.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, graphqlRequest } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { SseClient } from '../support/sse-client.ts'
import { createKeyPair, SECRET, secretToken, startKeyServer, type TokenClaims } from '../support/tokens.ts'

/** What becomes of sessions as their tokens expire, are renewed and shrink; and whom a subscription belongs to. */

const PATIENCE = { timeout: 20_000, interval: 25 }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const BACKEND_KEY = 'the-key-of-a-back-end'

const startGuarded = (overrides: Partial<Config> = {}): Promise<TestGateway> =>
  startTestGateway({
    jwtSecret: SECRET,
    jwtClockToleranceSeconds: 0,
    apiKey: { keys: [BACKEND_KEY], file: null },
    ...overrides,
  })

async function connectAs(gateway: TestGateway, claims: TokenClaims): Promise<RawClient> {
  return RawClient.connect(gateway, { connectionParams: bearer(await secretToken(claims)) })
}

const AUTHENTICATE = 'mutation Renew($token: String!) { authenticate(token: $token) }'
const renew = async (client: RawClient, id: string, claims: TokenClaims) =>
  client.request(id, AUTHENTICATE, { token: await secretToken(claims) })

const PUSH = 'mutation Push($input: PushInput!) { push(input: $input) { id duplicate } }'
const pushAs = (gateway: TestGateway, credentials: Record<string, string>, input: object) =>
  graphqlRequest<{ push: { id: string; duplicate: boolean } }>(gateway, PUSH, { input }, credentials)
const pushAsBackEnd = (gateway: TestGateway, to: string, payload: unknown) =>
  pushAs(gateway, { 'x-api-key': BACKEND_KEY }, { to: [to], payload })

test('a session is closed with 4403 when its token expires', async () => {
  await using gateway = await startGuarded()
  await using client = await connectAs(gateway, {
    sub: 'alice',
    cloudpush: { subscribe: ['alice'] },
    expiresIn: 2,
  })
  await client.subscribe('1', ['alice'])
  expect(await client.closed()).toEqual({ code: 4403, reason: 'The token has expired.' })
})

test('a subscription over SSE ends with an error when its token expires, whatever it is of', async () => {
  await using gateway = await startGuarded()
  const token = await secretToken({
    sub: 'alice',
    cloudpush: { subscribe: ['alice'], push: ['alice'] },
    expiresIn: 2,
  })
  await using messages = await SseClient.open(
    ...([gateway, 'subscription { messages(identifiers: ["alice"]) { id } }', {}, bearer(token)] as const),
  )
  await using presence = await SseClient.open(
    ...([
      gateway,
      'subscription { presence(identifiers: ["alice"]) { online } }',
      {},
      bearer(token),
    ] as const),
  )
  expect((await presence.next()).errors).toBeUndefined()
  const last = await messages.next()
  expect(codesOf(last)).toEqual(['UNAUTHENTICATED'])
  expect((await messages.ended()).map(({ event }) => event)).toEqual(['complete'])
  await vi.waitUntil(async () => codesOf(await presence.next()).includes('UNAUTHENTICATED'), PATIENCE)
  await presence.ended()
})

test('a renewed token keeps the session and its subscriptions past the end of the first', async () => {
  await using gateway = await startGuarded()
  const claims = { sub: 'alice', cloudpush: { subscribe: ['alice'] } }
  await using client = await connectAs(gateway, { ...claims, expiresIn: 2 })
  await client.subscribe('1', ['alice'])
  const answer = await renew(client, '2', { ...claims, expiresIn: 600 })
  const until = Date.parse((answer.data as { authenticate: string }).authenticate)
  expect(until - Date.now()).toBeGreaterThan(590_000)
  // Somebody with the same first token and no renewal is gone: so the first token would have ended this one as well.
  await using other = await connectAs(gateway, { ...claims, expiresIn: 2 })
  await other.closed()
  await client.fence()
  await pushAsBackEnd(gateway, 'alice', 'still here')
  expect((await client.nextMessage('1')).payload).toBe('still here')
})

test('what cannot renew a session leaves it as it is', async () => {
  await using gateway = await startGuarded()
  await using client = await connectAs(gateway, { sub: 'alice', cloudpush: { subscribe: ['alice'] } })
  await client.subscribe('1', ['alice'])
  expect(codesOf(await renew(client, '2', { sub: 'bob', cloudpush: { subscribe: ['alice'] } }))).toEqual([
    'FORBIDDEN',
  ])
  expect(codesOf(await renew(client, '3', { sub: 'alice', expiresIn: -1 }))).toEqual(['UNAUTHENTICATED'])
  expect(codesOf(await renew(client, '4', { sub: 'alice', expiresIn: null }))).toEqual(['UNAUTHENTICATED'])
  expect(codesOf(await client.request('5', AUTHENTICATE, { token: 'nonsense' }))).toEqual(['UNAUTHENTICATED'])
  await pushAsBackEnd(gateway, 'alice', 'unmoved')
  expect((await client.nextMessage('1')).payload).toBe('unmoved')
})

test('a token whose grants shrank ends exactly the subscriptions that it covers no more, each with its error', async () => {
  await using gateway = await startGuarded()
  const cloudpush = { subscribe: ['alice', 'room:*'], push: ['alice', 'bob'], admin: true }
  await using client = await connectAs(gateway, { sub: 'alice', cloudpush })
  const mine = await client.request('own', PUSH, { input: { to: ['bob'], payload: 1 } })
  const others = await pushAsBackEnd(gateway, 'bob', 2)
  const receiptOf = (id: string | undefined) => `subscription { receipt(pushId: "${id}") { sent } }`
  const begin = async (id: string, query: string) => {
    client.send({ id, type: 'subscribe', payload: { query } })
    await client.expect('next', id)
  }
  await client.subscribe('alice', ['alice'])
  await client.subscribe('lobby', ['room:lobby'])
  await client.subscribe('both', ['alice', 'room:lobby'])
  await begin('of alice', 'subscription { presence(identifiers: ["alice"]) { online } }')
  await begin('of bob', 'subscription { presence(identifiers: ["bob"]) { online } }')
  await begin('replicas', 'subscription { replicas { id } }')
  await begin('my receipt', receiptOf((mine.data as { push: { id: string } }).push.id))
  await begin('their receipt', receiptOf(others.data?.push.id))

  const shrunk = { subscribe: ['alice'], push: ['alice'] }
  expect((await renew(client, 'renewal', { sub: 'alice', cloudpush: shrunk })).errors).toBeUndefined()
  for (const id of ['lobby', 'both', 'of bob', 'replicas', 'their receipt']) {
    expect([id, codesOf({ errors: (await client.expect('error', id)).payload as never })]).toEqual([
      id,
      ['FORBIDDEN'],
    ])
  }
  // What ended is held no more, its id is free at once, and nothing but its error came for it.
  await client.fence()
  expect(client.untaken('error')).toEqual([])
  expect(client.untaken('complete')).toEqual([])
  await pushAsBackEnd(gateway, 'room:lobby', 'not for you')
  await client.subscribe('both', ['alice'])
  await pushAsBackEnd(gateway, 'alice', 'for you')
  expect((await client.nextMessage('alice')).payload).toBe('for you')
  expect((await client.nextMessage('both')).payload).toBe('for you')
  expect(client.left('lobby')).toEqual([])
})

test('a subscription belongs to its subject: another one with the same operation id gets nothing of it', async () => {
  await using gateway = await startGuarded()
  const operationId = randomUUID()
  const cloudpush = { subscribe: ['room:lobby'] }
  const shared = { clientKey: 'the same installation' }
  for (const params of [{}, shared]) {
    const open = async (sub: string) =>
      RawClient.connect(gateway, {
        connectionParams: { ...params, ...bearer(await secretToken({ sub, cloudpush })) },
      })
    {
      await using alice = await open('alice')
      await alice.subscribe(operationId, ['room:lobby'])
      alice.socket.terminate()
      await alice.closed()
    }
    await pushAsBackEnd(gateway, 'room:lobby', 'missed by alice')
    {
      await using mallory = await open('mallory')
      await mallory.subscribe(operationId, ['room:lobby'])
      await mallory.fence()
      expect(mallory.left(operationId)).toEqual([])
    }
    await using alice = await open('alice')
    await alice.subscribe(operationId, ['room:lobby'])
    expect((await alice.nextMessage(operationId)).payload).toBe('missed by alice')
    alice.send({ id: operationId, type: 'complete' })
    await alice.fence()
  }
})

test('a subject that comes back with fewer grants does not resume what they covered', async () => {
  await using gateway = await startGuarded()
  const operationId = randomUUID()
  {
    await using alice = await connectAs(gateway, { sub: 'alice', cloudpush: { subscribe: ['room:lobby'] } })
    await alice.subscribe(operationId, ['room:lobby'])
    alice.socket.terminate()
  }
  await pushAsBackEnd(gateway, 'room:lobby', 'no more for alice')
  await using alice = await connectAs(gateway, { sub: 'alice', cloudpush: { subscribe: ['alice'] } })
  const query = 'subscription { messages(identifiers: ["room:lobby"]) { payload } }'
  expect(codesOf(await alice.request(operationId, query))).toEqual(['FORBIDDEN'])
  await alice.fence()
})

test('a message says who pushed it; another pusher cannot take its id, nor hear what became of it', async () => {
  await using gateway = await startGuarded()
  const alice = bearer(
    await secretToken({ sub: 'alice', cloudpush: { push: ['room:*'], subscribe: ['room:*'] } }),
  )
  const mallory = bearer(await secretToken({ sub: 'mallory', cloudpush: { push: ['room:*'] } }))
  const input = { to: ['room:lobby'], payload: 1, id: 'order-7' }
  expect((await pushAs(gateway, alice, input)).data?.push).toEqual({ id: 'order-7', duplicate: false })
  expect((await pushAs(gateway, alice, input)).data?.push).toEqual({ id: 'order-7', duplicate: true })
  expect(codesOf(await pushAs(gateway, mallory, input))).toEqual(['FORBIDDEN'])
  const inbox = '{ inbox(identifier: "room:lobby") { from } }'
  expect((await graphqlRequest(gateway, inbox, {}, alice)).data).toEqual({ inbox: [{ from: 'alice' }] })
})

test('a key that comes into the key set lets in at once, one that left it no more; an outage of the set ends nothing', async () => {
  const [first, second] = [await createKeyPair('first', 'RS256'), await createKeyPair('second', 'EdDSA')]
  await using keys = await startKeyServer([first])
  await using gateway = await startTestGateway({ jwksUrl: keys.url, jwksMaxAgeSeconds: 1 })
  const statusOf = async (pair: typeof first) => {
    const token = await pair.token({ sub: 'alice' })
    return (await graphqlRequest(gateway, '{ endpoint { url } }', {}, bearer(token))).status
  }
  expect(await statusOf(first)).toBe(200)
  expect(await statusOf(second)).toBe(401)
  keys.keys = [first, second]
  await vi.waitUntil(async () => (await statusOf(second)) === 200, PATIENCE)
  expect(await statusOf(first)).toBe(200)
  keys.keys = [second]
  await vi.waitUntil(async () => (await statusOf(first)) === 401, PATIENCE)
  keys.keys = null
  const asked = keys.requests
  await vi.waitUntil(async () => {
    expect(await statusOf(second)).toBe(200)
    return keys.requests > asked
  }, PATIENCE)
})

test('while a key set was never had, nobody is told that their token is wrong', async () => {
  await using keys = await startKeyServer([])
  keys.keys = null
  const pair = await createKeyPair('any')
  await using gateway = await startTestGateway({ jwksUrl: keys.url })
  const token = await pair.token({ sub: 'alice' })
  const answer = await graphqlRequest(gateway, '{ endpoint { url } }', {}, bearer(token))
  expect([answer.status, ...codesOf(answer)]).toEqual([503, 'AUTHENTICATION_UNAVAILABLE'])
  await using client = await RawClient.open(gateway)
  client.send({ type: 'connection_init', payload: bearer(token) })
  expect((await client.closed()).code).toBe(1013)
})

test('many unknown keys do not make the key set be asked for each time', async () => {
  const pair = await createKeyPair('known')
  await using keys = await startKeyServer([pair])
  await using gateway = await startTestGateway({ jwksUrl: keys.url })
  for (let n = 0; n < 20; n++) {
    const token = await (await createKeyPair(`unknown-${n}`)).token({ sub: 'alice' })
    expect((await graphqlRequest(gateway, '{ endpoint { url } }', {}, bearer(token))).status).toBe(401)
  }
  expect(keys.requests).toBe(1)
})

test('without credentials that count a request hears what is needed, and a browser may still load GraphiQL', async () => {
  await using gateway = await startGuarded()
  const ask = (headers: Record<string, string>) =>
    fetch(gateway.graphqlUrl, {
      ...{ method: 'POST', body: '{"query":"{ __typename }"}' },
      headers: { 'content-type': 'application/json', origin: 'https://app.test', ...headers },
    })
  const without = await ask({})
  expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  const wrong = await ask({ authorization: 'Bearer nonsense' })
  expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
  // Were it not, a page would not even learn that its token is wrong.
  expect(wrong.headers.get('access-control-allow-origin')).toBe('*')
  for (const text of [await without.text(), await wrong.text()]) expect(text).not.toContain(SECRET)
  const page = await fetch(`${gateway.graphqlUrl}?query={settings{drainSeconds}}`, {
    headers: { accept: 'text/html' },
  })
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html'])
})

test('where nothing is configured everybody may do everything, and a token is not looked at', async () => {
  await using gateway = await startTestGateway()
  const answer = await graphqlRequest(gateway, '{ settings { drainSeconds } }', {}, bearer('nonsense'))
  expect(answer.errors).toBeUndefined()
  await using client = await RawClient.connect(gateway, { connectionParams: bearer('nonsense') })
  expect(codesOf(await client.request('1', AUTHENTICATE, { token: 'nonsense' }))).toEqual(['UNAUTHENTICATED'])
})

test('each API key has a push rate of its own, wherever it comes from', async () => {
  const other = 'the-key-of-another-one'
  await using gateway = await startGuarded({
    apiKey: { keys: [BACKEND_KEY, other], file: null },
    pushRatePerSecond: 2,
  })
  const pushes = (key: string) =>
    Promise.all(
      Array.from({ length: 20 }, () => pushAs(gateway, { 'x-api-key': key }, { to: ['a'], payload: 1 })),
    )
  const accepted = (answers: Awaited<ReturnType<typeof pushes>>) => answers.filter(({ data }) => data).length
  const first = await pushes(BACKEND_KEY)
  expect(accepted(first)).toBeLessThan(20)
  expect(new Set(first.flatMap((answer) => codesOf(answer)))).toEqual(new Set(['RATE_LIMITED']))
  expect(accepted(await pushes(other))).toBeGreaterThan(0)
})
