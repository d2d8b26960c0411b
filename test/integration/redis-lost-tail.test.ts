import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { type Line, startLine } from '../support/line.ts'
import {
  expectNew,
  LOST,
  missed,
  NEW,
  OLD,
  payloads,
  pushAll,
  receive,
  stopCopying,
} from '../support/lost-tail.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 20 }

let master: RedisServer
let copy: RedisServer
let line: Line
let masterClient: Redis
let copyClient: Redis
let holder: GatewayProcess
let pusher: GatewayProcess

beforeEach(async () => {
  master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
  copy = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
  ;[masterClient, copyClient] = [new Redis(master.url), new Redis(copy.url)] as const
  for (const client of [masterClient, copyClient]) {
    client.on('error', () => {
      // The master is killed on purpose.
    })
  }
  line = await startLine(master.port)
  const args = startArguments()
  ;[holder, pusher] = await Promise.all([startGatewayProcess({ args }), startGatewayProcess({ args })])
})

function startArguments() {
  return ['--redis', `redis://127.0.0.1:${line.port}`, '--log-level', 'error']
}

afterEach(async () => {
  await holder[Symbol.asyncDispose]()
  await pusher[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  masterClient.disconnect()
  copyClient.disconnect()
  await copy[Symbol.asyncDispose]()
  await master[Symbol.asyncDispose]()
})

/** The master dies, and its replica takes its place and its address. */
async function promote(): Promise<void> {
  line.cut()
  await master.kill()
  await copyClient.call('REPLICAOF', 'NO', 'ONE')
  line.lead(copy.port)
}

/** Until it has compared what it holds: what is pushed to an identifier that it came to hold later arrives. */
async function holderIsBack(): Promise<void> {
  await using client = await RawClient.connect(holder)
  await client.subscribe('back', ['back'])
  await pushAll(pusher, 'back', ['back'])
  await client.nextMessage('back')
}

/** How the replica that pushed tells its operator. */
const TOLD = 'Redis lost messages that it had accepted'

test.each(['before the holder is back', 'while the holder comes back', 'after the holder is back'])(
  'invariant 4: messages pushed %s are never taken for those that a failover lost',
  async (when) => {
    await using client = await RawClient.connect(holder)
    const operation = randomUUID()
    await client.subscribe('live', ['alice'])
    await client.subscribe('other', ['bob'])
    await using gone = await RawClient.connect(holder)
    await gone.subscribe(operation, ['alice'])
    await pushAll(pusher, 'alice', OLD)
    await pushAll(pusher, 'bob', OLD)
    expect(payloads(await receive(client, 'other', 3))).toEqual(OLD)
    await stopCopying(masterClient)
    await pushAll(pusher, 'alice', LOST)
    const had = await receive(client, 'live', 6)
    expect(payloads(had)).toEqual([...OLD, ...LOST])
    const cursor = had.at(-1)?.cursor ?? ''
    // It knows of the lost ones as well, and is away while the master dies.
    expect(payloads(await receive(gone, operation, 6))).toEqual([...OLD, ...LOST])
    await gone.fence()
    gone.socket.close(1000)
    await gone.closed()

    if (when.startsWith('before')) {
      holder.kill('SIGSTOP')
      await promote()
      await pushAll(pusher, 'alice', NEW)
      holder.kill('SIGCONT')
    } else {
      await promote()
      if (when.startsWith('after')) await holderIsBack()
      await pushAll(pusher, 'alice', NEW)
    }

    const now = await receive(client, 'live', 4)
    expect(payloads(now)).toEqual(NEW)
    expect(missed(now)).toEqual([null, 0, 0, 0])
    // Nobody had more of this inbox than was kept: it goes on as if nothing had been.
    await pushAll(pusher, 'bob', NEW)
    const other = await receive(client, 'other', 4)
    expect(other.map(({ payload, missed, redelivered }) => [payload, missed, redelivered])).toEqual(
      NEW.map((payload) => [payload, 0, false]),
    )
    // Who comes back, by record or by cursor, has them as well.
    await using back = await RawClient.connect(pusher)
    await back.subscribe(operation, ['alice'])
    await back.subscribe('after', ['alice'], [cursor])
    for (const id of [operation, 'after']) await expectNew(back, id)
    expect(client.left('live')).toEqual([])
    await vi.waitUntil(() => pusher.output().includes(TOLD), LIMIT)
  },
)

test.each([
  ['somebody else had heard them', true],
  ['nobody had heard them but who pushed them', false],
])('invariant 4: who was away while messages were lost is told of it, when %s', async (_who, heard) => {
  const operation = randomUUID()
  await using away = await RawClient.connect(holder)
  await away.subscribe(operation, ['alice'])
  await pushAll(pusher, 'alice', OLD)
  await receive(away, operation, 3)
  await away.fence()
  away.socket.close(1000)
  await away.closed()
  await stopCopying(masterClient)
  await using live = await RawClient.connect(holder)
  if (heard) await live.subscribe('live', ['alice'])
  await pushAll(pusher, 'alice', LOST)
  if (heard) {
    await receive(live, 'live', 3)
    // Who pushed is gone too, so that only who heard can tell.
    pusher.kill('SIGKILL')
    await pusher.exited
    pusher = await startGatewayProcess({ args: startArguments() })
  }
  await promote()
  await holderIsBack()
  if (!heard) await vi.waitUntil(() => pusher.output().includes(TOLD), LIMIT)
  await pushAll(pusher, 'alice', NEW)
  await using back = await RawClient.connect(pusher)
  await back.subscribe(operation, ['alice'])
  await expectNew(back, operation)
})
