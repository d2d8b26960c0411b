import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { BareSocket, OPCODE, toFrame } from '../support/bare-socket.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, PUSH, type PublicError } from '../support/graphql-request.ts'
import { amidOrdinaryLife } from '../support/ordinary-life.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** Attacks on one process, amid ordinary subscribers who must notice nothing. */

let redis: RedisServer
let gateway: GatewayProcess
beforeAll(async () => {
  redis = await startRedis()
  gateway = await startGatewayProcess({
    args: ['--redis', redis.url, '--idle-timeout-seconds', '5', '--log-level', 'error'],
  })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await redis?.[Symbol.asyncDispose]()
})

/** A TCP connection from another loopback address: one address has some 28,000 ports, and they rest after use. */
async function dialFrom(index: number): Promise<Socket> {
  const socket = connect({
    port: gateway.port,
    host: '127.0.0.1',
    localAddress: `127.0.0.${2 + (index % 8)}`,
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.resume()
  return socket
}

/** Cut or ended, either is fine. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}

async function inGroups<T>(count: number, of: number, each: (index: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  while (all.length < count) {
    const group = Math.min(of, count - all.length)
    const begun = all.length
    all.push(...(await Promise.all(Array.from({ length: group }, (_, index) => each(begun + index)))))
  }
  return all
}

const UPGRADE = [
  'GET /graphql HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
].join('\r\n')

test('5,000 half-open upgrades and senders of a byte a second are cut off', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const halfOpen = await inGroups(5_000, 500, async (index) => {
      const socket = await dialFrom(index)
      socket.write(UPGRADE)
      return socket
    })
    const slow = await inGroups(50, 50, dialFrom)
    const text = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'x'.repeat(1_000)}`
    let sent = 0
    const drip = setInterval(() => {
      for (const socket of slow) socket.write(text[sent] ?? 'x')
      sent++
    }, 1_000)
    // A frame that comes byte by byte is no sign of life before it is whole.
    const client = await BareSocket.connect(gateway)
    const frame = toFrame({ opcode: OPCODE.TEXT, payload: 'x'.repeat(1_000) })
    let byte = 0
    const trickle = setInterval(() => client.write(frame.subarray(byte, ++byte)), 1_000)
    try {
      expect(await client.closeCode()).toBe(4410)
      await Promise.all([...halfOpen, ...slow].map(ended))
    } finally {
      clearInterval(drip)
      clearInterval(trickle)
      for (const socket of [...halfOpen, ...slow]) socket.destroy()
      client[Symbol.dispose]()
    }
  })
})

test('connections that never say connection_init are closed with 4408', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const silent = await inGroups(500, 100, () => RawClient.open(gateway))
    const closed = await Promise.all(silent.map((client) => client.closed()))
    expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([4408]))
  })
})

test('headers of a megabyte are refused, before an upgrade and before a request', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const header = `\r\nX-Long: ${'x'.repeat(1_048_576)}\r\n\r\n`
    const starts = [UPGRADE, 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0']
    await inGroups(40, 10, async (index) => {
      const socket = await dialFrom(index)
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.write(starts[index % 2] + header)
      await ended(socket)
      // Where it was reset while we still wrote, the answer is lost.
      expect(answer === '' || answer.startsWith('HTTP/1.1 431 ')).toBe(true)
    })
  })
})

const times = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => each(index)).join(' ')
const QUERIES = {
  deep: `{ ${'statistics { '.repeat(5_000)} a ${'} '.repeat(5_000)} }`,
  wide: `{ ${'__typename '.repeat(19_000)} }`,
  aliased: `{ ${times(5_000, (index) => `a${index}: inbox(identifier: "x", last: 1000) { payload }`)} }`,
  'bomb of fragments': `{ ...f0 } ${times(100, (index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`)} fragment f100 on Query { __typename }`,
  'circle of fragments': `{ ...f0 } fragment f0 on Query { ...f1 } fragment f1 on Query { ...f0 }`,
  'pile of directives': `{ __typename ${'@skip(if: false) '.repeat(4_000)} }`,
  'long list': `{ inbox(identifier: "x", last: 1000) { ${times(90, (index) => `p${index}: payload`)} } }`,
}

test('queries that are deep, wide, aliased, or bombs of fragments, are refused over HTTP and WebSocket', async () => {
  await amidOrdinaryLife(gateway, async () => {
    await using client = await RawClient.connect(gateway)
    for (const [what, query] of Object.entries(QUERIES)) {
      for (let round = 0; round < 15; round++) {
        const answers = await Promise.all([
          graphqlRequest(gateway, query),
          client.request(`${what} ${round}`, query),
        ])
        for (const { errors = [] } of answers) {
          expect(errors.length, what).toBeGreaterThan(0)
          for (const { extensions } of errors) expect(extensions?.code, what).toBe('BAD_USER_INPUT')
        }
      }
    }
  })
})

/** What came back by kind, of a socket that is only counted. */
async function counting(
  begin: (socket: WebSocket) => void,
  isDone: (counts: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  const socket = new WebSocket(gateway.wsUrl, 'graphql-transport-ws')
  await once(socket, 'open')
  const counts = new Map<string, number>()
  const done = new Promise<void>((resolve, reject) => {
    const count = (kind: string) => {
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (isDone(counts)) resolve()
    }
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const message = JSON.parse(text) as { type: string; payload?: unknown }
      if (message.type === 'ping') socket.send(text.replace('"ping"', '"pong"'))
      const live = (message.payload as { live?: unknown } | undefined)?.live
      count(message.type === 'ping' ? (live === undefined ? 'proof' : 'live') : message.type)
      if (message.type === 'error') {
        const [error] = message.payload as PublicError[]
        count(`error ${error?.extensions?.code}`)
      }
    })
    socket.on('pong', () => count('WebSocket pong'))
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
  })
  socket.send('{"type":"connection_init"}')
  begin(socket)
  await done
  socket.removeAllListeners('close').terminate()
  return counts
}

test('of 100,000 subscribes on one socket 100 are served, the others refused one by one', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const counts = await counting(
      (socket) => {
        socket.once('message', () => {
          for (let index = 0; index < 100_000; index++) {
            const query = `subscription { messages(identifiers: ["flood:${index % 1_000}"]) { id } }`
            socket.send(JSON.stringify({ id: String(index), type: 'subscribe', payload: { query } }))
          }
        })
      },
      (counts) => (counts.get('error') ?? 0) + (counts.get('live') ?? 0) === 100_000,
    )
    expect(counts.get('live')).toBe(100)
    expect(counts.get('error BAD_USER_INPUT')).toBe(99_900)
  })
})

test('a flood of pings is answered, and only whoever floods waits', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const floods = Array.from({ length: 4 }, () =>
      counting(
        (socket) => {
          for (let index = 0; index < 20_000; index++) socket.send('{"type":"ping"}')
          for (let index = 0; index < 20_000; index++) socket.ping()
          socket.send('{"type":"ping","payload":{}}')
        },
        (counts) => counts.get('pong') === 20_001 && counts.get('WebSocket pong') === 20_000,
      ),
    )
    await Promise.all(floods)
  })
})

test('fragment bombs, text that is no UTF-8 and compression that nobody agreed on are closed with their codes', async () => {
  const empty = toFrame({ opcode: OPCODE.CONTINUATION, fin: false })
  const attacks: readonly [code: number, bytes: Buffer][] = [
    [
      1008,
      Buffer.concat([
        toFrame({ opcode: OPCODE.TEXT, fin: false }),
        ...Array.from({ length: 20_000 }, () => empty),
      ]),
    ],
    [1007, toFrame({ opcode: OPCODE.TEXT, payload: Buffer.from([0xc3, 0x28]) })],
    [1002, toFrame({ opcode: OPCODE.TEXT, payload: '{"type":"ping"}', reserved: 4 })],
  ]
  await amidOrdinaryLife(gateway, async () => {
    await inGroups(90, 30, async (index) => {
      const [code, bytes] = attacks[index % attacks.length] as (typeof attacks)[number]
      using bare = await BareSocket.connect(gateway)
      bare.write(bytes)
      expect(await bare.closeCode()).toBe(code)
    })
  })
})

test('keys that would pollute prototypes are data like any other', async () => {
  await amidOrdinaryLife(gateway, async () => {
    const to = `polluted:${crypto.randomUUID()}`
    await using client = await RawClient.open(gateway)
    const evil =
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"toString":null,"hasOwnProperty":1}'
    client.send(`{"type":"connection_init","payload":${evil}}`)
    await client.expect('connection_ack')
    await client.subscribe('__proto__', [to])
    await client.subscribe('constructor', [to])
    const body = `{"query":${JSON.stringify(PUSH)},"variables":{"__proto__":{"x":1},"input":{"to":["${to}"],"payload":${evil}}},"extensions":${evil}}`
    const response = await fetch(gateway.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(await response.json()).toMatchObject({ data: { push: { accepted: 1, offline: [] } } })
    for (const id of ['__proto__', 'constructor']) {
      expect(JSON.stringify((await client.nextMessage(id)).payload)).toBe(evil)
    }
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const answer = await graphqlRequest(
        gateway,
        'query ($i: ID!) { presence(identifiers: [$i]) { online } }',
        {
          i: name,
        },
      )
      expect(answer.data).toEqual({ presence: [{ online: false }] })
    }
  })
})

const IDENTIFIERS = [
  'a\nb',
  'a\r\n*1\r\n$8\r\nFLUSHALL\r\n',
  '{slot}:x',
  '}{',
  'nul\u0000byte',
  '[a-z]?\\',
  '"]] redis.call("FLUSHALL") --',
  "' .. redis.call('FLUSHALL') .. '",
  'cp:{0}:push:x',
  'to:',
  ':',
  ' ',
  '../../etc/passwd',
  '%00%0a',
  '__proto__',
  '\u202ertl',
  '😀',
  'é',
  'e\u0301',
]

test('identifiers in the syntax of Redis, Lua or shells are names: each gets what is its own, and nothing else changes', async () => {
  await amidOrdinaryLife(gateway, async () => {
    await using client = await RawClient.connect(gateway)
    for (const identifier of IDENTIFIERS) await client.subscribe(identifier, [identifier])
    await Promise.all(
      IDENTIFIERS.map(async (identifier) => {
        const answer = await graphqlRequest(gateway, PUSH, {
          input: { to: [identifier], payload: { identifier } },
        })
        expect(answer.data, identifier).toMatchObject({ push: { accepted: 1, offline: [] } })
      }),
    )
    for (const identifier of IDENTIFIERS) {
      expect(await client.nextMessage(identifier)).toMatchObject({
        identifier,
        payload: { identifier },
        missed: 0,
      })
    }
    await client.fence()
    expect(client.untaken('next')).toEqual([])
    const inbox = 'query ($i: ID!) { inbox(identifier: $i) { payload } }'
    for (const identifier of IDENTIFIERS) {
      const answer = await graphqlRequest(gateway, inbox, { i: identifier })
      expect(answer.data).toEqual({ inbox: [{ payload: { identifier } }] })
    }
  })
})

test('after all of it nothing was found wrong with ourselves', () => {
  expect(gateway.output()).not.toMatch(/"log\.level":"error"|ERROR|operation failed/)
})
