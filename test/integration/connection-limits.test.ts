import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { SECRET, secretToken } from '../support/tokens.ts'

/** Who may connect from where, how often, and how much it may say: what is too much costs nobody else. */

test('one address has so many connections: the next one is closed with 1013, until one has gone', async () => {
  await using gateway = await startTestGateway({ maxConnectionsPerAddress: 2 })
  const first = await RawClient.connect(gateway)
  await using second = await RawClient.connect(gateway)
  const third = await RawClient.open(gateway)
  expect(await third.closed()).toEqual({
    code: 1013,
    reason: 'Too many connections from this address: try again later',
  })
  // Whom a trusted proxy names is another one.
  await using elsewhere = await RawClient.connect(gateway, { headers: { 'x-forwarded-for': '192.0.2.7' } })
  await elsewhere.fence()
  await first[Symbol.asyncDispose]()
  await vi.waitFor(async () => {
    const again = await RawClient.open(gateway)
    again.send({ type: 'connection_init' })
    await again.expect('connection_ack')
    await again[Symbol.asyncDispose]()
  })
  await second.fence()
})

test('one subject has so many connections, wherever it comes from', async () => {
  await using gateway = await startTestGateway({ maxConnectionsPerSubject: 1, jwtSecret: SECRET })
  const as = async (sub: string) => ({
    connectionParams: {
      authorization: `Bearer ${await secretToken({ sub, cloudpush: { subscribe: ['**'] } })}`,
    },
  })
  await using first = await RawClient.connect(gateway, await as('ann'))
  const second = await RawClient.open(gateway)
  second.send({ type: 'connection_init', payload: (await as('ann')).connectionParams })
  expect(await second.closed()).toEqual({
    code: 1013,
    reason: 'Too many connections of this subject: try again later',
  })
  await using other = await RawClient.connect(gateway, await as('bob'))
  await Promise.all([first.fence(), other.fence()])
})

test('more messages in a second than are read wait, and all are answered; others do not wait', async () => {
  await using gateway = await startTestGateway({ maxMessagesPerSecond: 200 })
  await using flooding = await RawClient.connect(gateway)
  await using other = await RawClient.connect(gateway)
  await other.subscribe('other', ['other'])
  for (let count = 0; count < 450; count++) flooding.send({ type: 'ping', payload: { count } })
  for (let count = 0; count < 20; count++) await push(gateway, { to: ['other'], payload: count })
  for (let count = 0; count < 20; count++) {
    expect((await other.nextMessage('other')).payload).toBe(count)
  }
  for (let count = 0; count < 450; count++) {
    expect(await flooding.expect('pong')).toMatchObject({ payload: { count } })
  }
})

test('whoever does not take its answers is not read from, and has them all when it does', async () => {
  await using gateway = await startTestGateway()
  await using client = await RawClient.connect(gateway)
  client.socket.pause()
  const text = 'x'.repeat(100_000)
  const pings = 400
  for (let count = 0; count < pings; count++) client.send({ type: 'ping', payload: { count, text } })
  // Until nothing moves any more: what the kernel and the gateway hold is a part of the 40 MB.
  let left = client.socket.bufferedAmount
  await vi.waitFor(
    () => {
      const before = left
      left = client.socket.bufferedAmount
      expect(left).toBe(before)
    },
    { interval: 500, timeout: 30_000 },
  )
  expect(left).toBeGreaterThan((pings * text.length) / 4)
  client.socket.resume()
  for (let count = 0; count < pings; count++) {
    expect(((await client.expect('pong')).payload as { count: number }).count).toBe(count)
  }
})

test('pages of other origins are refused where origins are named; our own and those who name none are not', async () => {
  await using gateway = await startTestGateway({ allowedOrigins: 'https://app.example' })
  const upgrade = async (origin?: string) => {
    const socket = new WebSocket(
      gateway.wsUrl,
      'graphql-transport-ws',
      origin === undefined ? {} : { origin },
    )
    socket.on('error', () => {})
    const opened = once(socket, 'open').then(() => 101)
    const refused = once(socket, 'unexpected-response').then(
      (event) => (event[1] as { statusCode: number }).statusCode,
    )
    const status = await Promise.race([opened, refused])
    socket.terminate()
    return status
  }
  const request = (origin?: string, method = 'POST') =>
    fetch(gateway.graphqlUrl, {
      method,
      headers: { 'content-type': 'application/json', ...(origin !== undefined && { origin }) },
      ...(method === 'POST' && { body: '{"query":"{ __typename }"}' }),
    })

  for (const origin of [undefined, 'https://app.example', gateway.url]) {
    expect(await upgrade(origin)).toBe(101)
    expect((await request(origin)).status).toBe(200)
  }
  for (const origin of [
    'https://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'null',
  ]) {
    expect(await upgrade(origin)).toBe(403)
    const refused = await request(origin)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    expect((await request(origin, 'OPTIONS')).status).toBe(403)
  }
  const preflight = await request('https://app.example', 'OPTIONS')
  expect(preflight.ok).toBe(true)
  expect(preflight.headers.get('access-control-allow-origin')).not.toBeNull()
})

test('pages come with headers that protect them; with --disable-graphiql there is none', async () => {
  const page = (url: string) => fetch(url, { headers: { accept: 'text/html' } })
  await using gateway = await startTestGateway()
  for (const path of ['/graphql', '/console']) {
    const { status, headers } = await page(gateway.url + path)
    expect(status).toBe(200)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  }
  await using closed = await startTestGateway({ disableGraphiql: true })
  const refused = await page(closed.graphqlUrl)
  expect(refused.ok).toBe(false)
  expect(await refused.text()).not.toContain('<html')
  expect((await graphqlRequest(closed, '{ __typename }')).errors).toBeUndefined()
})
