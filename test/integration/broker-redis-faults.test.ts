import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import { loadScripts } from '../../src/broker/redis/scripts.ts'
import {
  attach,
  type BrokerCluster,
  detach,
  Ear,
  LIMITS,
  newPush,
  pushMany,
  range,
  World,
} from '../support/conformance/broker/world.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

let server: RedisServer
let client: Redis
let world: World

const START = { epoch: '', offset: 0 }

function toCluster(): BrokerCluster {
  return {
    open: (replicaId, limits) => createRedisBroker({ url: server.url, prefix: 'faults', replicaId, limits }),
    moment: () => delay(10),
    async [Symbol.asyncDispose]() {},
  }
}

beforeEach(async () => {
  server = await startRedis({ appendOnly: true })
  client = new Redis(server.url, { maxRetriesPerRequest: 1 })
  client.on('error', () => {
    // The tests stop the server on purpose.
  })
  world = new World(toCluster(), LIMITS)
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
  client.disconnect()
  await server[Symbol.asyncDispose]()
})

const unavailable = { code: 'BROKER_UNAVAILABLE' }

test('SCRIPT FLUSH hurts nobody: neither results nor the order of holder commands', async () => {
  const a = await world.replica('a')
  for (let round = 1; round <= 100; round++) {
    const flushed = round % 5 === 0 ? client.script('FLUSH', 'SYNC') : null
    await Promise.all([
      attach(a, 'stays'),
      attach(a, 'goes'),
      detach(a, 'goes'),
      a.broker.publish(newPush('stays')),
      detach(a, 'stays'),
      attach(a, 'stays'),
      flushed,
    ])
  }
  expect(await a.broker.publish(newPush(['stays', 'goes']))).toMatchObject({ offline: ['goes'] })
  expect((await a.broker.read('stays', START, 1)).tip).toBe(101)
})

test('an attach that is sent again does not overtake the detach that followed it', async () => {
  const a = await world.replica('a')
  await attach(a, 'stays')
  await client.script('FLUSH', 'SYNC')
  // Another replica has loaded one of the two scripts meanwhile.
  await client.script('LOAD', loadScripts().detach.source)
  await Promise.all([attach(a, 'goes'), detach(a, 'goes')])
  expect(await a.broker.publish(newPush(['stays', 'goes']))).toMatchObject({ offline: ['goes'] })
})

test('a subscriber connection that was cut is restored before the interruption is told', async () => {
  const a = await world.replica('a')
  const b = await world.replica('b')
  await attach(a, 'alice')
  let changes = 0
  const unwatch = await a.broker.watchReceipt('some-push', () => changes++)
  for (let round = 1; round <= 3; round++) {
    // Pushed as soon as the interruption is told: it must be heard.
    const pushed = new Promise<void>((resolve, reject) => {
      a.ear.onInterrupted = () => {
        a.ear.onInterrupted = () => {}
        b.broker.publish(newPush('alice')).then(() => resolve(), reject)
      }
    })
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await pushed
    await world.until('it is heard', () => a.ear.offsets('alice').length === round)
    await world.until('who watches is told as well', () => changes === round)
  }
  await unwatch()
})

test('a push that was cut half-way is completed by a repeat with its id: everything once', async () => {
  const a = await world.replica('a')
  const identifiers = range(1, 1_000).map((index) => `device:${index}`)
  let refused = 0
  for (let round = 0; round < 30; round++) {
    const push = newPush(identifiers, { payload: JSON.stringify('x'.repeat(1_000)) })
    const first = a.broker.publish(push).catch((error: unknown) => {
      expect(error).toMatchObject({ ...unavailable, details: { pushId: push.id } })
      refused++
    })
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await first
    await world.until('the repeat is accepted', async () => {
      const answer = await a.broker.publish(push).catch(() => null)
      return answer?.accepted === 1_000
    })
  }
  expect(refused).toBeGreaterThan(0)
  for (const identifier of ['device:1', 'device:500', 'device:1000', 'device:999']) {
    expect((await a.broker.read(identifier, START, 1)).tip).toBe(30)
  }
})

test('FLUSHALL is noticed: the replica is told, holds again in a new epoch, and hears from 1 on', async () => {
  const a = await world.replica('a')
  const b = await world.replica('b')
  const { epoch } = await attach(a, 'alice')
  await pushMany(b, 'alice', 3)
  await world.until('all are heard', () => a.ear.offsets('alice').length === 3)
  await client.flushall()
  await world.until('it is told', () => a.ear.interruptions > 0)
  const [tip] = await a.broker.rehold([{ identifier: 'alice', subscriptions: 1, epoch, offset: 3 }])
  expect(tip).toMatchObject({ tip: 0 })
  expect(tip?.epoch).not.toBe(epoch)
  await pushMany(b, 'alice', 1)
  await world.until('it is heard', () => a.ear.offsets('alice').length === 4)
  expect(a.ear.entries('alice').at(-1)).toMatchObject({ epoch: tip?.epoch, offset: 1 })
  expect(await b.broker.presence(['alice'])).toMatchObject([{ subscriptions: 1, replicaIds: ['a'] }])
})

test('a restart with the append-only file keeps what was accepted, and the replica hears again', async () => {
  const a = await world.replica('a')
  const b = await world.replica('b')
  const { epoch } = await attach(a, 'alice')
  await pushMany(b, 'alice', 3)
  await server.kill()
  await world.until('its absence is noticed', () => !a.broker.available)
  await server.restart()
  await world.until('it is told', () => a.ear.interruptions > 0)
  await world.until('all are back', () => a.broker.available && b.broker.available)
  const held = { identifier: 'alice', subscriptions: 1, epoch, offset: 3 }
  const [tip] = await a.broker.rehold([held])
  expect(tip).toMatchObject({ tip: 3, kept: 3, lossy: false })
  await pushMany(b, 'alice', 1)
  await world.until('it is heard', () => a.ear.offsets('alice').at(-1) === 4)
})

test('without its server everything is refused within 2 s, with the id of the push', async () => {
  const a = await world.replica('a')
  for (const fault of ['pause', 'stop'] as const) {
    await server[fault]()
    const push = newPush('alice')
    const start = performance.now()
    await Promise.all([
      expect(a.broker.publish(push)).rejects.toMatchObject({ ...unavailable, details: { pushId: push.id } }),
      expect(attach(a, 'alice')).rejects.toMatchObject(unavailable),
      expect(a.broker.read('alice', START, 1)).rejects.toMatchObject(unavailable),
      expect(a.broker.confirm([])).resolves.toBeUndefined(),
      expect(a.broker.lastReplica('alice')).rejects.toMatchObject(unavailable),
      expect(a.broker.watchReceipt('x', () => {})).rejects.toMatchObject(unavailable),
    ])
    expect(performance.now() - start).toBeLessThan(2_000)
    await world.until('its absence is noticed', () => !a.broker.available)
    if (fault === 'pause') server.resume()
    else await server.restart()
    await world.until('it is back', () => a.broker.available)
    await a.broker.publish(push)
  }
})

test('listening is refused while the server is away, and works once it is there', async () => {
  await server.stop()
  const broker = toCluster().open('a', LIMITS)
  const ear = new Ear()
  await expect(broker.listen(ear)).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining(`127.0.0.1:${server.port}`),
  })
  expect(broker.available).toBe(false)
  await server.restart()
  await world.until('listening works', () =>
    broker.listen(ear).then(
      () => true,
      () => false,
    ),
  )
  await attach({ id: 'a', broker, ear }, 'alice')
  await broker.publish(newPush('alice'))
  await world.until('it is heard, once', () => ear.offsets('alice').length === 1)
  await broker[Symbol.asyncDispose]()
})

test('a password that is missing is told to the operator', async () => {
  await using guarded = await startRedis({ args: ['--requirepass', 'secret'] })
  const options = { prefix: 'faults', replicaId: 'a', limits: LIMITS }
  const broker = createRedisBroker({ url: guarded.url, ...options })
  await expect(broker.listen(new Ear())).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/NOAUTH/),
  })
  await broker[Symbol.asyncDispose]()
  const url = `redis://:secret@127.0.0.1:${guarded.port}`
  const right = createRedisBroker({ url, ...options })
  await right.listen(new Ear())
  await right[Symbol.asyncDispose]()
})

test('20,000 inboxes are held again in less than 200 commands', async () => {
  const a = await world.replica('a')
  const identifiers = range(1, 20_000).map((index) => `device:${index}`)
  const calls = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
  const before = await calls()
  const tips = await a.broker.rehold(
    identifiers.map((identifier) => ({ identifier, subscriptions: 1, epoch: '', offset: 0 })),
  )
  expect(tips).toHaveLength(20_000)
  // Pulses are among them.
  expect((await calls()) - before).toBeLessThan(200)
})
