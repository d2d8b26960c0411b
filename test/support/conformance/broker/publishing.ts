import { expect, test } from 'vitest'
import { EVERYONE } from '../../../../src/broker/broker.ts'
import { attach, type CreateCluster, detach, newPush, openWorld, pushMany, range } from './world.ts'

/** Names that break what was put together carelessly: keys, channels, JSON, Lua patterns, globs. */
export const HOSTILE = [
  'line\nfeed',
  'a:b:c',
  '{0}',
  '}{',
  'nul\0byte',
  '"quoted\\"',
  "'; return 1 --",
  '**',
  '%d+~1',
  '',
  ' ',
  '\u2028\u0007',
  'ü'.repeat(128),
  '𝄞'.repeat(64),
  '__proto__',
] as const

export function publishing(create: CreateCluster): void {
  test('offsets are 1, 2, 3 … and every identifier counts its own', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    await attach(a, 'bob')
    await pushMany(a, 'alice', 3)
    await pushMany(a, 'bob', 2)
    await world.settle(a)
    expect(a.ear.offsets('alice')).toEqual([1, 2, 3])
    expect(a.ear.offsets('bob')).toEqual([1, 2])
  })

  test('every holder hears the messages of one identifier in offset order, whoever pushes', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'room')
    await attach(b, 'room')
    const pushes = range(1, 200).map((index) => (index % 2 ? a : b).broker.publish(newPush('room')))
    await Promise.all(pushes)
    for (const replica of [a, b]) {
      await world.until('all are heard', () => replica.ear.offsets('room').length === 200)
      expect(replica.ear.offsets('room')).toEqual(range(1, 200))
    }
  })

  test('an arrival carries the push as it was made, byte for byte', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    const payload = JSON.stringify(
      { text: 'ü 𝄞 "quoted"\n\u2028', deep: [[1.5e300, null]], spaced: true },
      null,
      2,
    )
    const push = newPush('alice', { payload, from: 'b"o\nb', trigger: 'WEBSOCKET' })
    const published = await a.broker.publish(push)
    expect(published).toEqual({ id: push.id, accepted: 1, offline: [], duplicate: false, deliverAt: null })
    await world.until('it is heard', () => a.ear.arrivals.length === 1)
    const arrival = a.ear.arrivals[0]
    expect(arrival?.stored).toBe(true)
    expect(arrival?.push).toMatchObject({
      id: push.id,
      payload,
      from: 'b"o\nb',
      trigger: 'WEBSOCKET',
      expiresAt: null,
    })
    expect(Number.isSafeInteger(arrival?.push.pushedAt)).toBe(true)
    const page = await a.broker.read('alice', { epoch: '', offset: 0 }, 10)
    expect(page.messages).toEqual([{ offset: 1, push: arrival?.push }])
  })

  test('a traced push carries its trace to its holders and into the inbox; a repeat is the first one', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const push = newPush('alice', { traceparent, ttlSeconds: 60, from: 'bob' })
    await a.broker.publish(push)
    await a.broker.publish({ ...push, traceparent: null })
    await world.until('it is heard', () => a.ear.arrivals.length === 1)
    const [arrival] = a.ear.arrivals
    expect(arrival?.push).toMatchObject({ id: push.id, traceparent, from: 'bob', trigger: 'HTTP' })
    expect(arrival?.push.expiresAt).toBe((arrival?.push.pushedAt ?? 0) + 60_000)
    const page = await a.broker.read('alice', { epoch: '', offset: 0 }, 10)
    expect(page.messages).toEqual([{ offset: 1, push: arrival?.push }])
    expect(await a.broker.receipt(push.id)).toMatchObject({ from: 'bob', identifiers: 1 })
  })

  test('nothing is heard inside the call that pushes', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    const published = a.broker.publish(newPush('alice'))
    expect(a.ear.arrivals).toEqual([])
    await published
    await world.until('it is heard', () => a.ear.arrivals.length === 1)
  })

  test('a push to many reaches each holder once, with the entries of what it holds', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    for (const identifier of ['one', 'two']) await attach(a, identifier)
    for (const identifier of ['two', 'three']) await attach(b, identifier)
    const published = await a.broker.publish(newPush(['one', 'two', 'three', 'four', 'five']))
    expect(published.accepted).toBe(5)
    expect([...published.offline].sort()).toEqual(['five', 'four'])
    await world.settle(a)
    await world.settle(b)
    // In one arrival, or one for each partition.
    const heard = ({ arrivals }: typeof a.ear) =>
      arrivals
        .filter(({ push }) => push.id === published.id)
        .flatMap(({ entries }) => entries.map(({ identifier }) => identifier))
        .sort()
    expect(heard(a.ear)).toEqual(['one', 'two'])
    expect(heard(b.ear)).toEqual(['three', 'two'])
  })

  test('offline follows the holders exactly', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const offline = async () => (await a.broker.publish(newPush('alice'))).offline
    expect(await offline()).toEqual(['alice'])
    await attach(b, 'alice')
    expect(await offline()).toEqual([])
    await attach(a, 'alice', { subscriptions: 1 })
    await detach(b, 'alice')
    expect(await offline()).toEqual([])
    await detach(a, 'alice', 1)
    expect(await offline()).toEqual([])
    await detach(a, 'alice')
    expect(await offline()).toEqual(['alice'])
  })

  test('a push to everyone reaches every replica that has subscriptions', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    expect((await a.broker.publish(newPush(EVERYONE))).offline).toEqual([EVERYONE])
    await attach(a, EVERYONE)
    await attach(b, EVERYONE)
    expect((await a.broker.publish(newPush(EVERYONE))).offline).toEqual([])
    for (const { ear } of [a, b]) {
      await world.until('it is heard', () => ear.offsets(EVERYONE).length === 1)
      expect(ear.offsets(EVERYONE)).toEqual([2])
    }
  })

  test('an ephemeral push reaches the live only: it is stored nowhere and has the offset of the tip', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    await pushMany(a, 'alice', 2)
    const push = newPush('alice', { ttlSeconds: 0 })
    expect(await a.broker.publish(push)).toMatchObject({ accepted: 1, duplicate: false })
    expect(await a.broker.publish(push)).toMatchObject({ accepted: 1, duplicate: true })
    await pushMany(a, 'alice', 1)
    await world.settle(a)
    const heard = a.ear.arrivals.filter(({ entries }) => entries[0]?.identifier === 'alice')
    expect(heard.map(({ stored, entries }) => [stored, entries[0]?.offset])).toEqual([
      [true, 1],
      [true, 2],
      [false, 2],
      [true, 3],
    ])
    expect(heard[2]?.push.expiresAt).toBe(heard[2]?.push.pushedAt)
    const page = await a.broker.read('alice', { epoch: '', offset: 0 }, 10)
    expect(page.messages.map(({ offset }) => offset)).toEqual([1, 2, 3])
    expect(await a.broker.receipt(push.id)).toMatchObject({ identifiers: 1 })
  })

  test('the same id is stored once and answers what the first one answered', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'alice')
    const push = newPush(['bob', 'alice', 'carol'])
    const first = await a.broker.publish(push)
    await attach(a, 'bob')
    await detach(a, 'alice')
    const second = await b.broker.publish({ ...push, to: ['carol', 'alice', 'bob'] })
    expect([...first.offline].sort()).toEqual(['bob', 'carol'])
    expect(second).toEqual({ ...first, duplicate: true })
    const page = await a.broker.read('alice', { epoch: '', offset: 0 }, 10)
    expect(page.tip).toBe(1)
  })

  test('50 parallel pushes of one id through two replicas are stored once: 49 are duplicates', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'alice')
    const push = newPush('alice')
    const answers = await Promise.all(range(1, 50).map((index) => (index % 2 ? a : b).broker.publish(push)))
    expect(answers.filter(({ duplicate }) => duplicate)).toHaveLength(49)
    await world.settle(a)
    expect(a.ear.offsets('alice')).toEqual([1])
  })

  test('a push to 1,000 identifiers is accepted whole, and whole again is a duplicate', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const identifiers = range(1, 1_000).map((index) => `device:${index}`)
    const held = identifiers.filter((_, index) => index % 3 === 0)
    await a.broker.attach(
      held.map((identifier) => ({ identifier, subscriptions: 1, resume: null, after: null })),
    )
    const push = newPush(identifiers)
    const first = await a.broker.publish(push)
    expect(first).toMatchObject({ accepted: 1_000, duplicate: false })
    expect(new Set(first.offline)).toEqual(new Set(identifiers.filter((_, index) => index % 3 !== 0)))
    await world.settle(a)
    const heard = a.ear.arrivals
      .filter(({ push: { id } }) => id === push.id)
      .flatMap(({ entries }) => entries)
    expect(heard.map(({ identifier }) => identifier).sort()).toEqual([...held].sort())
    expect(heard.every(({ offset }) => offset === 1)).toBe(true)
    const second = await a.broker.publish({ ...push, to: identifiers.toReversed() })
    expect(second).toEqual({ ...first, duplicate: true })
    expect(await a.broker.receipt(push.id)).toMatchObject({ identifiers: 1_000 })
  })

  test('hostile identifiers, ids and subjects go through unharmed and apart from each other', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    for (const identifier of HOSTILE) await attach(a, identifier)
    for (const identifier of HOSTILE) {
      const push = newPush(identifier, { id: `id ${identifier}`, from: identifier })
      expect(await a.broker.publish(push)).toMatchObject({ id: push.id, offline: [], duplicate: false })
    }
    await world.settle(a)
    for (const identifier of HOSTILE) {
      const entries = a.ear.entries(identifier)
      expect(entries.map(({ offset, push }) => [offset, push.id, push.from])).toEqual([
        [1, `id ${identifier}`, identifier],
      ])
      const page = await a.broker.read(identifier, { epoch: '', offset: 0 }, 10)
      expect(page.messages.map(({ push }) => push)).toEqual(entries.map(({ push }) => push))
      expect(await a.broker.receipt(`id ${identifier}`)).toMatchObject({ from: identifier, identifiers: 1 })
    }
    const presence = await a.broker.presence(HOSTILE)
    expect(presence.map(({ identifier, replicaIds }) => [identifier, replicaIds])).toEqual(
      HOSTILE.map((identifier) => [identifier, ['a']]),
    )
  })
}
