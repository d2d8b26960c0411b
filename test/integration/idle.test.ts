import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BareSocket, OPCODE } from '../support/bare-socket.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { isOnline, push, untilOffline, untilOnline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

/**
 * The sweep. A client that was silent for half the idle time is asked by WebSocket ping, so each ping that it gets
 * says that another half of the idle time went by in silence: tests count those instead of waiting.
 */

const IDLE_SECONDS = 2
/** So many pings are more silence than the idle time allows, several times over. */
const PINGS = 5

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ idleTimeoutSeconds: IDLE_SECONDS })
})
afterAll(() => gateway[Symbol.asyncDispose]())

const LISTEN = (identifier: string) => ({
  id: 'listen',
  type: 'subscribe',
  payload: { query: `subscription { messages(identifiers: "${identifier}") { payload } }` },
})

/** Connects and subscribes over bare TCP: nothing is answered unless the test says so. */
async function listenBare(identifier: string, to: { readonly port: number } = gateway): Promise<BareSocket> {
  const bare = await BareSocket.connect(to)
  bare.sendText(LISTEN(identifier))
  await untilOnline(gateway, identifier)
  return bare
}

test.concurrent('a client that answers nothing is closed with 4410 past the idle time, not before, and is offline', async () => {
  const to = randomUUID()
  using bare = await listenBare(to)
  bare.sendText({ type: 'pong' })
  const silentSince = performance.now()
  expect(await bare.closeCode()).toBe(4410)
  expect(performance.now() - silentSince).toBeGreaterThanOrEqual(IDLE_SECONDS * 1_000 - 50)
  // It does not answer the close either: the connection is cut.
  await bare.ended()
  await untilOffline(gateway, to)
  expect((await push(gateway, { to: [to], payload: 1 })).offline).toEqual([to])
})

test.concurrent('a client that is silent before connection_init is evicted too', async () => {
  await using patient = await startTestGateway({ idleTimeoutSeconds: IDLE_SECONDS, initTimeoutSeconds: 60 })
  using bare = await BareSocket.open(patient)
  expect(await bare.closeCode()).toBe(4410)
})

test.concurrent('what the server sends does not count as activity of the client', async () => {
  const to = randomUUID()
  using bare = await listenBare(to)
  let closed = false
  const closing = bare.closeCode().finally(() => {
    closed = true
  })
  while (!closed) await push(gateway, { to: [to], payload: 'still there?' })
  expect(await closing).toBe(4410)
})

test.concurrent('a client that answers pings is spared, and goes on to receive', async () => {
  await using client = await RawClient.connect(gateway)
  const to = randomUUID()
  await client.subscribe('listen', [to])
  for (let ping = 0; ping < PINGS; ping++) await once(client.socket, 'ping')
  await push(gateway, { to: [to], payload: 'on' })
  expect((await client.nextMessage('listen')).payload).toBe('on')
})

test.concurrent('a client whose only sign of life is the heartbeat mutation is spared, until it stops', async () => {
  await using client = await RawClient.connect(gateway, { autoPong: false, echo: false })
  const to = randomUUID()
  await client.subscribe('listen', [to])
  for (let ping = 0; ping < PINGS; ping++) {
    await once(client.socket, 'ping')
    const { data } = await client.request(`beat-${ping}`, 'mutation { heartbeat }')
    expect(Date.parse(String(data?.heartbeat))).toBeGreaterThan(Date.now() - 60_000)
  }
  await push(gateway, { to: [to], payload: 'on' })
  expect((await client.nextMessage('listen')).payload).toBe('on')
  expect((await client.closed()).code).toBe(4410)
})

test.concurrent.each([
  ['protocol pings', { type: 'ping' }],
  ['unsolicited protocol pongs', { type: 'pong' }],
])('a client whose only sign of life is %s is spared', async (_what, message) => {
  await using client = await RawClient.connect(gateway, { autoPong: false, echo: false })
  for (let ping = 0; ping < PINGS; ping++) {
    await once(client.socket, 'ping')
    client.send(message)
  }
  await client.fence()
})

test.concurrent.each([
  ['WebSocket pings', OPCODE.PING],
  ['unsolicited WebSocket pongs', OPCODE.PONG],
])('a client whose only sign of life is %s is spared', async (_what, opcode) => {
  using bare = await BareSocket.connect(gateway)
  for (let ping = 0; ping < PINGS; ping++) {
    await bare.expect(OPCODE.PING)
    bare.send({ opcode, payload: 'here' })
  }
  bare.sendText({ type: 'ping' })
  await bare.expectText((type) => type === 'pong')
})

test.concurrent('a peer that vanished without a FIN is evicted, and its identifiers read offline', async () => {
  await using hole = await blackHole(gateway.port)
  const to = randomUUID()
  using bare = await listenBare(to, hole)
  hole.swallow()
  await untilOffline(gateway, to)
  // The server cut the connection; of which this client, cut off, has heard nothing.
  await hole.cut
  expect(bare.socket.destroyed).toBe(false)
})

test.concurrent('a peer that stopped reading is evicted with all that waited for it', async () => {
  const to = randomUUID()
  using bare = await listenBare(to)
  bare.socket.pause()
  const payload = 'x'.repeat(60_000)
  while (await isOnline(gateway, to)) await push(gateway, { to: [to], payload })
  expect((await push(gateway, { to: [to], payload: 1 })).offline).toEqual([to])
})

interface BlackHole extends AsyncDisposable {
  readonly port: number
  /** From now on nothing passes, in neither direction, and no end is passed on. */
  swallow(): void
  /** Resolves when the server has given the connection up. */
  readonly cut: Promise<unknown>
}

/** A network between a client and the server that can lose them to each other without either being told. */
async function blackHole(port: number): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  let swallowing = false
  let giveUp: () => void
  const cut = new Promise<void>((resolve) => {
    giveUp = resolve
  })
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('data', (chunk) => swallowing || to.write(chunk))
      from.on('end', () => swallowing || to.end())
    }
    far.on('close', giveUp)
    far.on('end', giveUp)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    swallow: () => {
      swallowing = true
    },
    cut,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
